"""What the tests of security share."""

from collections.abc import Iterator

import pytest
from tests.conftest import new_database
from tests.processes import Serving, serving

from armful.ops.postgres import EmbeddedPostgres

RECEIVE_TIMEOUT = 3


@pytest.fixture(scope="module")
def service(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """One worker, over a database with the variant "a"."""
    settings = {
        "ARMFUL_DATABASE_URL": new_database(postgres),
        "ARMFUL_RECEIVE_TIMEOUT": str(RECEIVE_TIMEOUT),
    }
    with serving(tmp_path_factory.mktemp("security") / "data", **settings) as service:
        service.request("POST", "/variants", {"variant_id": "a"})
        yield service
