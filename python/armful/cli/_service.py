"""The options of commands that call a running service: its URL and an API key."""

from typing import Any
from urllib.parse import urlsplit

import rich_click as click

from armful.ops.data_folder import own_key
from armful.settings import Settings


class ServiceUrl(click.ParamType[str]):
    """The URL of a service."""

    name = "url"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check that the value is a URL that can be called."""
        try:
            parts = urlsplit(value)
            good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            good = False
        if not good or not value.isprintable() or " " in value:
            self.fail(f"'{value}' is not a URL like http://127.0.0.1:8000", param, ctx)
        return str(value)


class SentKey(click.ParamType[str]):
    """An API key, which must fit into a header."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check that the value can be sent. It is a secret, and not repeated."""
        if not value.isascii() or not value.isprintable() or " " in value or not value:
            self.fail("A key consists of visible ASCII characters, without blanks", param, ctx)
        return str(value)


url_option = click.option(
    "--url", type=ServiceUrl(), default="http://127.0.0.1:8000", show_default=True, help="URL of the service."
)
key_option = click.option(
    "--key", type=SentKey(), help="API key. Default: ARMFUL_API_KEY, or else the one in the data folder."
)


def known_key(settings: Settings) -> str:
    """Return the key for calls to a service: the configured one, or else the one in the data folder.

    Raises:
        click.UsageError: there is no key.
    """
    if settings.api_key is not None:
        return settings.api_key
    if not (settings.data_dir / "api-key").exists():
        raise click.UsageError("No API key: give one with --key or in ARMFUL_API_KEY.")
    return own_key(settings.data_dir)
