"""Serves the application below a path prefix, `ARMFUL_ROOT_PATH`, whether or not a proxy has removed it from the path."""

from urllib.parse import unquote_to_bytes

from armful.http.front import FrontMiddleware
from armful.http.request import HttpRequest


class FrontBelowPrefix(FrontMiddleware):
    """A `FrontMiddleware` that removes the prefix from the paths of requests."""

    def _begin(self, request: HttpRequest) -> None:
        scope, prefix = request.scope, self._root_path
        path, raw = scope["path"], scope["raw_path"]
        if path == prefix or path.startswith(prefix + "/"):
            # Some of the prefix may have been sent with %XX, but not its slashes.
            parts = raw.split(b"/")
            count = prefix.count("/") + 1
            if unquote_to_bytes(b"/".join(parts[:count])) == prefix.encode():
                scope["path"] = path[len(prefix) :] or "/"
                scope["raw_path"] = b"".join(b"/" + part for part in parts[count:]) or b"/"
        super()._begin(request)
