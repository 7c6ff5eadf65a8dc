"""The configuration that the lab and `smsc-sim` start with: its magic endings, its accounts."""

from pathlib import Path
from typing import Any

import pytest

from smsc_sim.config import SmscSimConfig
from telecom.runtime.config import load
from telecom.runtime.errors import ConfigError
from telecom.smpp.pdus import (
    AlertNotification,
    BindReceiver,
    DataSm,
    EnquireLink,
    SubmitMulti,
)
from telecom.smpp.pdus import DistributionList as List
from telecom.smpp.receipts import receipt_of
from telecom.smpp.short_message import user_data_of
from telecom.smpp.status import CommandStatus as Status
from telecom.smpp.tlvs import NETWORK_ERROR_CODE
from tests.smsc_sim.world import World, a_submit

CONFIG = Path(__file__).parents[2] / "configs" / "smsc_sim.toml"


@pytest.fixture(scope="module")
def config() -> SmscSimConfig:
    return load(SmscSimConfig, CONFIG)


@pytest.fixture
def lab(config: SmscSimConfig) -> World:
    return World(config.beginning())


@pytest.mark.parametrize(
    ("ending", "state", "error"),
    [
        ("123", "DELIVRD", None),
        ("901", "EXPIRED", None),
        ("902", "UNDELIV", 1),
        ("903", "REJECTD", None),
        ("905", "UNDELIV", 13),
        ("906", "DELIVRD", None),
        ("909", "UNDELIV", 11),
        ("910", "DELIVRD", None),
        ("920", "DELETED", None),
        ("921", "UNKNOWN", None),
        ("922", "ACCEPTD", None),
        ("924", "DELIVRD", None),
        ("925", "DELIVRD", None),
    ],
)
async def test_endings_with_a_final_state(lab, ending, state, error):
    session = lab.session()
    assert session.submit("88210" + ending).command_status == 0
    lab.pass_time(20)
    (pdu,) = session.news()
    assert receipt_of(pdu).stat.name == state
    found = NETWORK_ERROR_CODE.of(pdu)
    assert (None if found is None else found.error_code) == error


@pytest.mark.parametrize(
    ("ending", "statuses"),
    [
        ("908", [Status.ESME_RSYSERR, 0, 0]),
        ("911", [Status.ESME_RMSGQFUL] * 3),
        ("912", [Status.ESME_RTHROTTLED] * 3),
    ],
)
async def test_endings_with_a_status(lab, ending, statuses):
    session = lab.session()
    assert [session.submit("88210" + ending).command_status for _ in range(3)] == statuses
    assert session.submit("88211" + ending).command_status == statuses[0]


@pytest.mark.parametrize(
    ("ending", "response", "then"),
    [
        ("907", "never", "stay"),
        ("916", "twice", "stay"),
        ("930", "never", "close"),
        ("931", "normal", "close"),
        ("932", "partial", "close"),
        ("933", "never", "reset"),
        ("934", "wrong_sequence", "stay"),
        ("935", "generic_nack", "stay"),
        ("936", "garbage", "stay"),
        ("937", "normal", "stay"),
        ("938", "normal", "unbind"),
    ],
)
async def test_endings_that_go_wrong_on_the_wire(lab, ending, response, then):
    session = lab.session()
    session.submit("88210" + ending)
    (action,) = session.scripts
    assert (action.response, action.then) == (response, then)
    assert (action.dribble is not None) is (ending == "937")


@pytest.mark.parametrize(("ending", "count"), [("904", 0), ("915", 2), ("123", 1)])
async def test_endings_with_so_many_receipts(lab, ending, count):
    session = lab.session()
    session.submit("88210" + ending)
    lab.pass_time(1000)
    assert len(session.news()) == count


async def test_other_endings(lab):
    session = lab.session()
    lab.smsc.requested(session, a_submit("88210913"))
    lab.pass_time(1.9)
    assert session.answers == []
    lab.pass_time(0.1)
    assert len(session.answers) == 1
    session.submit("88210917", registered_delivery=0)
    session.submit("88210918", registered_delivery=0)
    session.submit("88210919")
    lab.pass_time(0.25)
    news = {type(pdu).__name__: pdu for pdu in session.news()}
    assert user_data_of(news["DeliverSm"]).text == "re: hello"
    assert isinstance(news["AlertNotification"], AlertNotification)
    assert isinstance(news["DataSm"], DataSm)


async def test_906_tells_on_the_way_who_asks_for_it(lab):
    session = lab.session()
    session.submit("88210906", registered_delivery=0x11)
    lab.pass_time(20)
    states = [receipt_of(pdu).stat.name for pdu in session.news()]
    assert states == ["ENROUTE", "ACCEPTD", "DELIVRD"]


async def test_914_comes_early_and_923_by_threes(lab):
    session = lab.session()
    lab.smsc.requested(session, a_submit("88210914"))
    assert len(session.news()) == 1
    for _ in range(3):
        session.submit("88210923")
    lab.pass_time(0.2)
    ids = [receipt_of(pdu).id for pdu in session.news()]
    assert ids == sorted(ids, reverse=True)
    assert len(ids) == 3


async def test_910_has_its_id_in_another_form(lab):
    session = lab.session()
    message_id = session.submit("88210910").message_id.decode()
    lab.pass_time(1)
    receipted = receipt_of(session.news()[0]).id
    assert receipted != message_id
    assert int(receipted, 16) == int(message_id)


# Accounts


def test_the_accounts(config):
    names = [account.system_id for account in config.accounts]
    assert names == ["demo", "gateway", "hex", "slow", "late", "silent", "closed"]
    assert all(
        account.password.get_secret_value() == account.system_id for account in config.accounts
    )


async def test_hex_has_hexadecimal_ids_whatever_becomes_of_the_message(lab):
    session = lab.session("hex")
    message_id = session.submit("88210903").message_id.decode()
    lab.pass_time(1)
    told = receipt_of(session.news()[0])
    assert (message_id, told.id, told.stat.name) == ("3b9aca01", "1000000001", "REJECTD")


async def test_slow_is_throttled_above_its_rate(lab):
    session = lab.session("slow")
    statuses = [session.submit().command_status for _ in range(7)]
    assert statuses == [0] * 5 + [Status.ESME_RTHROTTLED] * 2
    lab.pass_time(1)
    assert session.submit().command_status == 0


async def test_late_takes_its_time(lab):
    session = lab.session("late")
    for _ in range(20):
        lab.smsc.requested(session, a_submit())
    assert session.answers == []
    lab.pass_time(60)
    assert len(session.answers) == 20


async def test_silent_answers_no_enquire_link(lab):
    session = lab.session("silent")
    session.ask(EnquireLink())
    assert session.scripts[0].response == "never"
    other = lab.session()
    other.ask(EnquireLink())
    assert other.scripts == []


async def test_closed_lets_every_third_bind_in(lab):
    session = lab.session("")
    decided = [lab.smsc.decide(session, BindReceiver(b"closed"), "closed") for _ in range(6)]
    fail = Status.ESME_RBINDFAIL
    assert [action.status for action in decided] == [fail, fail, 0, fail, fail, 0]


async def test_friends_are_a_distribution_list(lab):
    answer = lab.session().ask(SubmitMulti(dest_addresses=(List(b"friends"),)))
    assert [each.destination_addr for each in answer.unsuccess_smes] == [b"88210000911"]


# Errors in the file


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[rules]]\naction.status = "ESME_NO"', "rules[1].action.status"),
        ('[[rules]]\naction.receipt.state = "GONE"', "rules[1].action.receipt.state"),
        ("[[rules]]\nmatch.destination.ending = 7", "rules[1].match.destination.ending"),
        ('[[rules]]\nmatch.operations = ["submit"]', "rules[1].match.operations"),
        ('[[rules]]\n[[rules]]\nname = "a"\n[[rules]]\nname = "a"', "two called 'a'"),
        ('[[mo]]\naccount = "demo"\nsource = "1"\ndestination = "2"\nrate = 0', "mo[1].rate"),
        ('[smpp]\nversion = "6.0"', "smpp.version"),
        ("accounts = []", "accounts"),
        ("[limits]\nmessages = 0", "limits.messages"),
        ("colour = 1", "colour: expected no such key"),
    ],
)
def test_an_error_is_named_by_its_place(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "smsc_sim.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as error:
        load(SmscSimConfig, path)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_wrong_password_is_not_in_the_error(tmp_path: Path) -> None:
    path = tmp_path / "smsc_sim.toml"
    path.write_text('accounts = [{ system_id = "a", password = "muchtoolong" }]')
    with pytest.raises(ConfigError) as error:
        load(SmscSimConfig, path)
    assert "muchtoolong" not in str(error.value)


def test_an_empty_file_is_good_enough(tmp_path: Path) -> None:
    path = tmp_path / "smsc_sim.toml"
    path.write_text("")
    settings: Any = load(SmscSimConfig, path)
    assert (settings.smpp.host, settings.smpp.port, settings.http.port) == ("127.0.0.1", 2776, 8082)
    assert [account.system_id for account in settings.accounts] == ["demo"]
