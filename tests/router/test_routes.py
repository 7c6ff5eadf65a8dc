import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telecom.router.routes import CallingGt, Route, RouteError, Routes

FIRST, SECOND = CallingGt("38591000001"), CallingGt("38591000002", share=3)


def ss7(name: str, *prefixes: str, gts: tuple[CallingGt, ...] = (FIRST,)) -> Route:
    return Route(name, prefixes, operator=name.title(), calling_gts=gts)


def test_the_longest_prefix_wins() -> None:
    wide, narrow = ss7("wide", "44", "1"), ss7("narrow", "447700")
    routes = Routes([wide, narrow])
    assert routes.find("447700900123") is narrow
    assert routes.find("447800900123") is wide
    assert routes.find("12025550123") is wide
    assert routes.find("4") is None
    assert routes.find("") is None
    assert list(routes) == [wide, narrow]


@settings(derandomize=True, max_examples=200, deadline=None)
@given(
    prefixes=st.sets(st.text("01", min_size=1, max_size=6), min_size=1),
    number=st.text("01", max_size=9),
)
def test_find_agrees_with_trying_every_prefix(prefixes: set[str], number: str) -> None:
    routes = Routes([ss7(prefix, prefix) for prefix in prefixes])
    matching = [prefix for prefix in prefixes if number.startswith(prefix)]
    found = routes.find(number)
    assert (found and found.name) == max(matching, key=len, default=None)


def test_one_prefix_has_one_route() -> None:
    with pytest.raises(RouteError, match="routes a and b: both take 44"):
        Routes([ss7("a", "44"), ss7("b", "49", "44")])


@pytest.mark.parametrize(
    ("route", "why"),
    [
        ({"prefixes": ()}, "no prefixes"),
        ({"prefixes": ("44x",)}, "1 to 15 digits"),
        ({"prefixes": ("٤٤",)}, "1 to 15 digits"),
        ({"prefixes": ("",)}, "1 to 15 digits"),
        ({"prefixes": ("4" * 16,)}, "1 to 15 digits"),
        ({"calling_gts": ()}, "at least one calling GT"),
        ({"calling_gts": (CallingGt("1", share=0),)}, "share"),
        ({"kind": "smpp"}, "names its upstream"),
    ],
)
def test_what_a_route_must_have(route: dict[str, object], why: str) -> None:
    valid = {"name": "r", "prefixes": ("44",), "operator": "Alba", "calling_gts": (FIRST,)}
    with pytest.raises(RouteError, match=f"^route r: .*{why}"):
        Route(**{**valid, **route})


def test_calling_gts_share_the_traffic() -> None:
    route = ss7("alba", "44", gts=(FIRST, SECOND))
    drawn = [route.calling_gt(n / 100) for n in range(100)]
    assert drawn.count(FIRST.gt) == 25
    assert drawn.count(SECOND.gt) == 75


def test_an_upstream_route_has_no_calling_gt() -> None:
    route = Route("up", ("88210",), operator="Upstream", kind="smpp", upstream="smsc")
    with pytest.raises(ValueError, match="no calling GT"):
        route.calling_gt(0.5)
