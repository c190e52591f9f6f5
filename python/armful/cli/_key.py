"""The API key with which commands call a running service."""

import rich_click as click

from armful.ops.data_folder import own_key
from armful.settings import Settings


def known_key(settings: Settings) -> str:
    """Return the key for calls to a service: the configured one, or else the one in the data folder.

    Raises:
        click.UsageError: there is neither.
    """
    if settings.api_key is not None:
        return settings.api_key
    if not (settings.data_dir / "api-key").exists():
        raise click.UsageError("No API key: give one with --key or in ARMFUL_API_KEY.")
    return own_key(settings.data_dir)
