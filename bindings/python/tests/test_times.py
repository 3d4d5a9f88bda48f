"""Times are aware datetimes in UTC, and spans are timedeltas."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from conftest import sign_up
from selfsame_identity import Billing, BillingStatus, Engine, ManagedBy, Policy
from selfsame_identity._values import millis_of, span_of, time_of

LAST = datetime.max.replace(tzinfo=timezone.utc)
LONG_AGO = datetime(1969, 12, 31, 23, 59, tzinfo=timezone.utc)


def billed_until(period_end: datetime | None) -> Billing:
    return Billing(
        customer="cus_1", plan="pro", status=BillingStatus.ACTIVE, managed_by=ManagedBy.DIRECT, period_end=period_end
    )


@pytest.fixture
def engine() -> Engine:
    return Engine.in_memory(Policy(hold=timedelta(hours=1)))


def test_a_time_comes_back_in_utc(engine: Engine) -> None:
    before = datetime.now(timezone.utc)
    session = engine.resolve(sign_up(engine))
    assert session.created_at.tzinfo is timezone.utc
    assert before - timedelta(seconds=1) < session.created_at < datetime.now(timezone.utc) + timedelta(seconds=1)


@pytest.mark.parametrize("offset", [-12, 0, 14])
def test_a_time_of_another_zone_is_the_same_time(offset: int) -> None:
    zone = timezone(timedelta(hours=offset))
    there = datetime(2026, 1, 1, 12, 30, 15, 250_999, tzinfo=zone)
    back = time_of(millis_of(there))
    assert back == there.replace(microsecond=250_000) and back.tzinfo is timezone.utc


def test_a_naive_time_is_refused() -> None:
    for naive in (datetime(2026, 1, 1), datetime.max, datetime.min):
        with pytest.raises(ValueError, match="^Billing.period_end: must be an aware datetime, for example "):
            billed_until(naive)


def test_a_time_before_1970_is_refused() -> None:
    with pytest.raises(ValueError, match="^Billing.period_end: must not be before 1970$"):
        billed_until(LONG_AGO)


def test_a_time_past_the_year_9999_is_the_last_one() -> None:
    for millis in (253_402_300_800_000, 2**62, 2**64 - 1):
        assert time_of(millis) == LAST
    assert time_of(253_402_300_799_999) == LAST.replace(microsecond=999_000)
    assert time_of(0) == datetime(1970, 1, 1, tzinfo=timezone.utc)
    assert billed_until(LAST).period_end == LAST


def test_a_span_that_python_has_no_room_for_is_the_longest() -> None:
    assert span_of(2**64 - 1, 0) == timedelta.max
    assert span_of(1, 1_500_000) == timedelta(seconds=1, microseconds=1_500)
