"""Serves the application below a path prefix, `ARMFUL_ROOT_PATH`, whether or not a proxy has removed it from the path."""

from armful.http.front import FrontMiddleware
from armful.http.request import HttpRequest


class FrontBelowPrefix(FrontMiddleware):
    """A `FrontMiddleware` that removes the prefix from the paths of requests."""

    def _begin(self, request: HttpRequest) -> None:
        scope, prefix = request.scope, self._root_path
        path = scope["path"]
        if path == prefix or path.startswith(prefix + "/"):
            scope["path"] = path[len(prefix) :] or "/"
            scope["raw_path"] = scope["raw_path"][len(prefix) :] or b"/"
        super()._begin(request)
