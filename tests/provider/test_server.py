"""That the provider is as others are, so that what is tried against it counts."""

import httpx2

from tests.provider.server import Provider, ProviderSettings


def metadata(provider: Provider) -> dict[str, object]:
    found: dict[str, object] = httpx2.get(
        f"{provider.issuer}/.well-known/openid-configuration"
    ).json()
    return found


def key_ids(provider: Provider) -> set[str]:
    answer = httpx2.get(str(metadata(provider)["jwks_uri"])).json()
    return {key["kid"] for key in answer["keys"]}


def test_its_metadata_has_all_that_a_client_uses(provider: Provider):
    found = metadata(provider)

    assert found["issuer"] == provider.issuer
    assert found["authorization_response_iss_parameter_supported"] is True
    for endpoint in (
        "authorization_endpoint",
        "token_endpoint",
        "device_authorization_endpoint",
        "revocation_endpoint",
        "end_session_endpoint",
    ):
        assert str(found[endpoint]).startswith(f"{provider.issuer}/")


def test_a_restart_is_at_the_same_place_and_has_other_keys():
    with Provider(ProviderSettings(devices=False)) as provider:
        before, keys = provider.issuer, key_ids(provider)

        provider.restart()

        assert provider.issuer == before
        assert len(keys) == 2
        assert not keys & key_ids(provider)
        assert "device_authorization_endpoint" not in metadata(provider)
