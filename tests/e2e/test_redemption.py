"""A domain's end over the services that sell and hold it: grace, redemption with consent, and the loss of the name (R18, R20)."""

from datetime import date, datetime, timedelta, timezone

import pytest
from conftest import Customer
from suite.client import Refused

CLOCK = "perennial.testing.v1.TestClockService"
SUBSCRIPTION = "perennial.subscription.v1"
DOMAINS = "perennial.domain_mailbox.v1"


def noon_of(suite, day: date) -> None:
    """Moves the clock to noon of a day: no time zone near Paris is in another one."""
    target = int(datetime(day.year, day.month, day.day, 12, tzinfo=timezone.utc).timestamp())
    while True:
        try:
            suite.peer("subscription", operator=True).call(f"{CLOCK}/AdvanceClock", target_time={"seconds": target}, timeout=58)
            return
        except Refused as refused:  # a long way is gone in several calls
            if refused.reason != "DEADLINE_PASSED":
                raise


class Owner(Customer):
    """Bought a domain for a year, and lets it run out."""

    def __init__(self, suite):
        super().__init__(suite)
        self.card = self.add_card()
        self.product = self.buy_domain(self.card)
        self.domain = self.product.replace("/products/", "/domains/")
        self.peer("subscription").call(f"{SUBSCRIPTION}.ProductService/UpdateProduct", product={"name": self.product, "auto_renew": False},
                                       update_mask={"paths": ["auto_renew"]})

    def expiry(self) -> date:
        day = self.peer("subscription").call(f"{SUBSCRIPTION}.ProductService/GetProduct", name=self.product).expiry_date
        return date(day.year, day.month, day.day)

    def states(self) -> tuple[str, str]:
        self.sign_in()  # the clock was moved
        product = self.peer("subscription").call(f"{SUBSCRIPTION}.ProductService/GetProduct", name=self.product)
        domain = self.peer("domain_mailbox").call(f"{DOMAINS}.DomainService/GetDomain", name=self.domain)
        return tuple(m.DESCRIPTOR.fields_by_name["state"].enum_type.values_by_number[m.state].name.split("STATE_")[1] for m in (product, domain))

    def renew(self, **consent) -> int:
        """Returns the price."""
        quote = self.peer("subscription").call(f"{SUBSCRIPTION}.OrderService/CreateQuote", parent=self.account, currency_code="EUR",
                                               renewal={"product": self.product, **consent})
        self.commit(quote, payment_method=self.card)
        return quote.net.minor_units


def test_a_domain_comes_back_in_grace_or_for_the_redemption_price_or_is_lost(suite):
    late, restored, lost = Owner(suite), Owner(suite), Owner(suite)
    expiry = late.expiry()
    noon_of(suite, expiry + timedelta(days=34))
    for owner in (late, restored, lost):
        assert owner.states() == ("EXPIRED", "EXPIRED")
    renewal_price = late.renew()
    noon_of(suite, expiry + timedelta(days=35))
    assert late.states() == ("ACTIVE", "ACTIVE")
    assert late.expiry().year == expiry.year + 1
    assert restored.states() == ("EXPIRED", "REDEMPTION")

    noon_of(suite, expiry + timedelta(days=61))
    assert lost.states() == ("EXPIRED", "REDEMPTION")
    restored.sign_in()
    with pytest.raises(Refused) as refused:
        restored.renew()
    assert refused.value.reason == "REDEMPTION_CONSENT_REQUIRED"
    assert restored.renew(accept_redemption=True) > 2 * renewal_price
    assert restored.states() == ("REACTIVATING", "REACTIVATING")
    for days in (62, 63, 64):  # the registry is asked once a step of the clock, and takes its time
        noon_of(suite, expiry + timedelta(days=days))
    assert restored.states() == ("ACTIVE", "ACTIVE")
    assert restored.expiry().year == expiry.year + 1

    assert lost.states() == ("ENDED", "DELETED")
    with pytest.raises(Refused) as refused:
        lost.renew(accept_redemption=True)
    assert refused.value.code.name == "FAILED_PRECONDITION"
