"""The journey of deploy/run, as a test; and a second one on the state that the first left."""

from suite.journey import Journey
from suite.layout import ROOT


def play(suite):
    lines = []
    ok = Journey(suite, ROOT / "deploy/journey.yaml", lines.append).play()
    assert ok, "\n".join(lines)


def test_a_customers_life_from_registration_to_deletion(suite):
    play(suite)


def test_another_customers_life_after_it(suite):
    play(suite)
