"""The in-memory copy of the API keys, which authenticates requests without a database query."""

from collections.abc import Iterable
from datetime import datetime

from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from armful.db.clock import DatabaseClock
from armful.domain.errors import RateExceeded, Unauthenticated
from armful.domain.key import ApiKey, Scope, digest

_NEVER = float("inf")
_MAX_HEADERS = 1000
_MAX_HEADER_SIZE = 256
_EVERY_SCOPE: frozenset[Scope] = frozenset(("read", "select", "write", "admin"))


class ApiKeyCache:
    """Holds the keys that are not revoked, and the key from the settings, which has every scope.

    A rate limit applies to each process separately, over a sliding window of one second. Keys expire by the database's
    clock.
    """

    def __init__(self, settings_key: str | None, clock: DatabaseClock | None = None) -> None:
        self._clock = clock or DatabaseClock()
        self._settings_keys: list[ApiKey] = []
        if settings_key is not None:
            self._settings_keys.append(
                ApiKey(
                    key_id="settings",
                    name="settings",
                    digest=digest(settings_key.encode()),
                    scopes=_EVERY_SCOPE,
                )
            )
        self._settings_ids = frozenset(key.key_id for key in self._settings_keys)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._rates: dict[str, RateLimitItemPerSecond] = {}
        # By digest: the time of a look-up reveals nothing about the secrets.
        self._keys: dict[bytes, ApiKey] = {}
        # Keys by `Authorization` header, to skip the digest. Its look-up time reveals nothing either: Python compares hashes
        # first, and the hash of bytes is randomly keyed.
        self._by_header: dict[bytes, ApiKey] = {}
        self._expires_at: dict[str, float] = {}
        self._used: set[str] = set()
        self.load([])

    def load(self, keys: Iterable[ApiKey]) -> None:
        """Replace the cached keys by those of `keys` that are not revoked."""
        self._keys = {key.digest: key for key in (*self._settings_keys, *keys) if key.revoked_at is None}
        self._by_header.clear()
        self._rates = {
            key.key_id: RateLimitItemPerSecond(key.rate_limit)
            for key in self._keys.values()
            if key.rate_limit
        }
        self._expires_at = {
            key.key_id: key.expires_at.timestamp() for key in self._keys.values() if key.expires_at
        }

    def is_valid(self, key: ApiKey) -> bool:
        """Whether a key is neither revoked nor expired."""
        return key.digest in self._keys and self._clock.time() < self._expires_at.get(key.key_id, _NEVER)

    def take_usage(self) -> dict[str, datetime]:
        """Return the ids of the keys used since the last call, with the present time. The settings' key is left out."""
        used, self._used = self._used, set()
        now = self._clock.now()
        return dict.fromkeys(used - self._settings_ids, now)

    def authenticate(self, header: bytes | None) -> ApiKey:
        """Return the key that an `Authorization` header contains.

        Raises:
            Unauthenticated: The header is missing or malformed, or the key is unknown, revoked or expired. The message never
                contains the key.
            RateExceeded: The key has used up its requests for this second.
        """
        key = self._by_header.get(header) if header else None
        if key is None:
            key = self._look_up(header)
        if self._expires_at and self._clock.time() >= self._expires_at.get(key.key_id, _NEVER):
            raise Unauthenticated("The API key has expired")
        if (rate := self._rates.get(key.key_id)) and not self._limiter.hit(rate, key.key_id):
            raise RateExceeded(rate.amount)
        self._used.add(key.key_id)
        return key

    def _look_up(self, header: bytes | None) -> ApiKey:
        if not header:
            raise Unauthenticated("Send an API key as 'Authorization: Bearer <key>'")
        scheme, _, text = header.partition(b" ")
        text = text.strip()
        if scheme.lower() != b"bearer" or not text:
            raise Unauthenticated("The Authorization header is not of the form 'Bearer <key>'")
        key = self._keys.get(digest(text))
        if key is None:
            raise Unauthenticated("The API key is unknown or revoked")
        if len(header) <= _MAX_HEADER_SIZE:  # it may be padded with spaces
            if len(self._by_header) >= _MAX_HEADERS:
                self._by_header.clear()
            self._by_header[header] = key
        return key
