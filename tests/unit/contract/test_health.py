"""A health check names an error only if there is one."""

import msgspec

from armful.contract.health import Health, Liveness, Readiness


def test_a_healthy_service_names_no_error() -> None:
    healthy = Health(status="healthy", variant_count=3, thompson_sampling="works")
    assert "error" not in msgspec.to_builtins(healthy)
    ill = Health(status="unhealthy", variant_count=0, thompson_sampling="works", error="no database")
    assert msgspec.to_builtins(ill)["error"] == "no database"
    assert msgspec.to_builtins([Liveness(), Readiness()]) == [{"status": "live"}, {"status": "ready"}]
