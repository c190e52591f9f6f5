"""API keys in memory: who may do what, checked without asking the database."""

from collections.abc import Iterable
from datetime import UTC, datetime
from time import time

from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from armful.domain.errors import RateExceeded, Unauthenticated
from armful.domain.key import ApiKey, Scope, digest

_NEVER = float("inf")
_MOST_PRESENTED = 1000
_EVERY_SCOPE: frozenset[Scope] = frozenset(("read", "select", "write", "admin"))


class ApiKeyCache:
    """The keys that are valid now, and the one from the settings, which has every scope.

    A key with a rate limit may do that many requests in any second, in each process by itself.
    """

    def __init__(self, settings_key: str | None) -> None:
        self._own: list[ApiKey] = []
        if settings_key is not None:
            own = digest(settings_key.encode())
            self._own.append(ApiKey(key_id="settings", name="settings", digest=own, scopes=_EVERY_SCOPE))
        self._own_ids = frozenset(key.key_id for key in self._own)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._rates: dict[str, RateLimitItemPerSecond] = {}
        # By digest: how long a look-up takes tells nothing of the secrets.
        self._keys: dict[bytes, ApiKey] = {}
        # What valid keys were presented as: nothing is told by the time this takes either, as Python's hash of bytes is
        # keyed at random and compared first.
        self._presented: dict[bytes, ApiKey] = {}
        self._ends: dict[str, float] = {}
        self._used: set[str] = set()
        self.load([])

    def load(self, keys: Iterable[ApiKey]) -> None:
        """Replace the keys held by those of `keys` that are not revoked."""
        self._keys = {key.digest: key for key in (*self._own, *keys) if key.revoked_at is None}
        self._presented.clear()
        self._rates = {
            key.key_id: RateLimitItemPerSecond(key.rate_limit)
            for key in self._keys.values()
            if key.rate_limit
        }
        self._ends = {key.key_id: key.expires_at.timestamp() for key in self._keys.values() if key.expires_at}

    def holds(self, key: ApiKey) -> bool:
        """Whether a key that was valid still is."""
        return key.digest in self._keys and time() < self._ends.get(key.key_id, _NEVER)

    def take_used(self) -> dict[str, datetime]:
        """The keys that were used since the last call, by id, with the present time; but the settings' own."""
        used, self._used = self._used, set()
        now = datetime.now(UTC)
        return dict.fromkeys(used - self._own_ids, now)

    def authenticate(self, header: bytes | None) -> ApiKey:
        """The key that an `Authorization` header presents.

        Raises:
            Unauthenticated: none, malformed, unknown, revoked or expired; says which without echoing it.
            RateExceeded: the key has done its requests for this second.
        """
        key = self._presented.get(header) if header else None
        if key is None:
            key = self._look_up(header)
        if self._ends and time() >= self._ends.get(key.key_id, _NEVER):
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
        if len(self._presented) >= _MOST_PRESENTED:
            self._presented.clear()
        self._presented[header] = key
        return key
