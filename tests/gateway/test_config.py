from pathlib import Path

import pytest

from telecom.gateway.config import GatewayConfig
from telecom.runtime.config import load
from telecom.runtime.errors import ConfigError
from telecom.runtime.operators import read_operators

CONFIGS = Path(__file__).parents[2] / "configs"

LEAST = """
operators = "operators.toml"
accounts = [{ system_id = "a", password = "b" }]
routes = [{ name = "r", prefixes = ["4477"], operator = "Alba", calling_gt = "38591000001" }]
"""


def read(tmp_path: Path, text: str) -> GatewayConfig:
    path = tmp_path / "gateway.toml"
    path.write_text(text)
    return load(GatewayConfig, path)


def test_the_least_that_a_gateway_needs(tmp_path: Path) -> None:
    config = read(tmp_path, LEAST)
    assert (config.smpp.host, config.smpp.port) == ("127.0.0.1", 2775)
    assert config.gt_gate.t1 == 60


@pytest.mark.parametrize("name", ["lab.toml", "gateway.toml"])
def test_what_is_shipped_is_valid(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLIENT_1_PASSWORD", "s3cret")
    config = load(GatewayConfig, CONFIGS / name)
    names = {operator.name for operator in read_operators(CONFIGS / config.operators)}
    assert {route.operator for route in config.routes if route.calling_gt} <= names


def test_the_lab_has_the_accounts_and_addresses_that_its_users_know() -> None:
    lab = load(GatewayConfig, CONFIGS / "lab.toml")
    assert (lab.smpp.port, lab.http.port, lab.ss7.url) == (2775, 8080, "tcp://127.0.0.1:2905")
    assert lab.ss7.global_titles == ("38591000001", "38591000002")
    rates = {account.system_id: account.rate for account in lab.accounts}
    assert rates["demo"] == 100_000
    assert rates["slow"] == 5


def test_every_port_moves_by_the_offset(tmp_path: Path) -> None:
    moved = read(tmp_path, LEAST).moved(port_offset=10, transport="udp", data=tmp_path)
    assert (moved.smpp.port, moved.http.port) == (2785, 8090)
    assert (moved.ss7.url, moved.data) == ("udp://127.0.0.1:2915", tmp_path)


def test_a_port_moved_too_far_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="port 2905 moved by 63000 is none"):
        read(tmp_path, LEAST).moved(port_offset=63_000)


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TELECOM_SMPP__PORT", "9999")
    config = read(tmp_path, LEAST + '[smpp]\nhost = "127.0.0.2"\n')
    assert (config.smpp.host, config.smpp.port) == ("127.0.0.2", 9999)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[smpp]\nport = 70000", "smpp.port: expected less than or equal to 65535, found 70000"),
        ('[ss7]\nurl = "http://x:1"', "ss7.url: expected"),
        ("[smpp]\nprot = 1", "smpp.prot: expected no such key"),
        ('[smpp]\nsystem_id = "ж"', "smpp.system_id: expected"),
        ("[ss7.timers]\nmt_forward_sm = inf", "ss7.timers.mt_forward_sm: expected less than"),
        ("[gt_gate]\nt1 = nan", "gt_gate.t1: expected less than"),
        ("[ss7]\nrouting_context = 4294967296", "ss7.routing_context: expected less than"),
        ('[[prices]]\nservice = "sms-mt"\namount = -1', "prices[1].amount: expected greater"),
        ('mo_default_account = "c"', "mo_default_account: the system_id of an account"),
        ('[lockout]\nexempt = ["10.0.0.1/8"]', "lockout.exempt[1]: expected a network such as"),
        ('[lockout]\nexempt = "10.0.0.0/8"', "lockout.exempt: expected an array, found '10."),
    ],
)
def test_an_error_is_one_line(tmp_path: Path, text: str, line: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text + LEAST if "=" in text.splitlines()[0] else LEAST + text)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_route_sends_from_a_global_title_of_the_gateway(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="one of ss7.global_titles, not 1234"):
        read(tmp_path, LEAST.replace("38591000001", "1234"))


UPSTREAM = """
[[upstreams]]
name = "smsc"
host = "smsc.example"
system_id = "us"
password = "pw"
"""


def test_a_route_may_go_to_an_upstream(tmp_path: Path) -> None:
    way = 'operator = "Alba", calling_gt = "38591000001"'
    there = LEAST.replace(way, 'upstream = "smsc"')
    config = read(tmp_path, there + UPSTREAM)
    assert config.routes[0].upstream == config.upstreams[0].name
    assert config.moved(port_offset=10).upstreams[0].port == 2785
    with pytest.raises(ConfigError, match=r"routes.r.upstream: one of upstreams.name, not smsc"):
        read(tmp_path, there)
    with pytest.raises(ConfigError, match=r"upstreams.name: each value once, 'smsc'"):
        read(tmp_path, there + UPSTREAM * 2)


@pytest.mark.parametrize(
    ("way", "why"),
    [
        ('operator = "Alba"', "a calling_gt or an upstream"),
        ('upstream = "smsc", calling_gt = "38591000001"', "a calling_gt or an upstream"),
        ('calling_gt = "38591000001"', "the operator that calling_gt sends to"),
    ],
)
def test_a_route_goes_one_way(tmp_path: Path, way: str, why: str) -> None:
    only = LEAST.replace('operator = "Alba", calling_gt = "38591000001"', way)
    with pytest.raises(ConfigError, match=rf"routes\[1\]: expected {why}"):
        read(tmp_path, only + UPSTREAM)


def test_a_prefix_has_one_route(tmp_path: Path) -> None:
    twice = LEAST.replace('prefixes = ["4477"]', 'prefixes = ["4477", "4477"]')
    with pytest.raises(ConfigError, match=r"routes.prefixes: each value once, '4477'"):
        read(tmp_path, twice)


def test_a_password_may_come_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = LEAST.replace('password = "b"', 'password_env = "A_PASSWORD"')
    with pytest.raises(ConfigError, match="a password in the environment variable A_PASSWORD"):
        read(tmp_path, elsewhere)
    monkeypatch.setenv("A_PASSWORD", "s3cret")
    assert read(tmp_path, elsewhere).accounts[0].password.get_secret_value() == "s3cret"
    with pytest.raises(ConfigError, match="password or password_env, not both"):
        read(tmp_path, elsewhere.replace("{ system_id", '{ password = "b", system_id'))


@pytest.mark.parametrize(
    ("terms", "line"),
    [
        ('password = ""', "accounts[1].password: expected 1 to 8 ASCII characters"),
        ('password = "muchtoolong"', "accounts[1].password: expected at most 8 ASCII characters"),
        ("password_env = 3", "accounts[1]: expected a password in the environment variable 3"),
        ('password = "b", tls_required = true', "accounts.a.tls_required: needs smpp.tls"),
        (
            'password = "b", client_certificate = "a"',
            "accounts.a.client_certificate: needs smpp.tls.client_ca",
        ),
    ],
)
def test_an_account_that_could_never_bind(tmp_path: Path, terms: str, line: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, LEAST.replace('password = "b"', terms))
    assert line in str(caught.value)
    assert "muchtoolong" not in str(caught.value)


def test_networks_of_mapped_addresses_are_those_of_ipv4(tmp_path: Path) -> None:
    text = '[http]\ntrusted = ["::ffff:192.0.2.0/120", "::/0", "192.0.2.7", "2001:db8::/32"]'
    assert [str(network) for network in read(tmp_path, LEAST + text).http.trusted] == [
        "192.0.2.0/24",
        "::/0",
        "192.0.2.7/32",
        "2001:db8::/32",
    ]
