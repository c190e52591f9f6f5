"""An acknowledged outcome is on disk, whatever the server's defaults are."""

from urllib.parse import urlsplit

from tests.conftest import run, serving
from tests.integration.contract import create, report


def test_an_answer_waits_for_the_disk_also_where_the_server_would_not(database: str) -> None:
    run(
        lambda connection: connection.execute(
            f"ALTER DATABASE {urlsplit(database).path[1:]} SET synchronous_commit = off"
        ),
        database,
    )
    with serving(database) as service:
        create(service.client, "a")
        service.sql("CREATE TABLE seen AS SELECT current_setting('synchronous_commit') AS setting")
        service.sql(
            "CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN INSERT INTO seen VALUES (current_setting('synchronous_commit')); RETURN NULL; END $$"
        )
        service.sql("CREATE TRIGGER look AFTER INSERT ON armful.performance_event EXECUTE FUNCTION look()")
        report(service.client, "a")
        assert {row["setting"] for row in service.sql("SELECT setting FROM seen")} == {"off", "on"}
