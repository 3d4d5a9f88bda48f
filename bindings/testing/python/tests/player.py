"""Plays a story through the public API of the package: see `tests/stories/README.md`."""

from __future__ import annotations

import enum
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import selfsame_identity
from render import EPOCH, Json, code, error, shown, transcript
from selfsame_identity import (
    AccountHandle,
    Answer,
    Assertion,
    Billing,
    BillingStatus,
    Client,
    EmailProof,
    Engine,
    Flow,
    Intent,
    Managed,
    MfaPolicy,
    ManagedBy,
    MethodKind,
    Planned,
    Policy,
    RecognitionToken,
    RecoveryCodes,
    RequestKind,
    Secret,
    SelfsameError,
    SessionToken,
    SignedIn,
    Step,
    SupportDesk,
)
from selfsame_identity_testing import Identity, World, world_policy

NOBODYS = "00000000-0000-7000-8000-000000000000"
DONE = {"done": True}


def played(story: str) -> str:
    """Plays the story in this text and returns its transcript."""
    told = json.loads(story)
    world = World(policy_of(told.get("policy", {})), told["seed"], EPOCH + span(millis=told["starts"]))
    stage = Stage(world)
    transcribed = []
    for number, scene in enumerate(told["acts"], 1):
        at = world.now()
        act = {name: value for name, value in scene.items() if name not in ("who", "why", "expect", "keep", "do")}
        stage.opened = None
        try:
            answer = shown(getattr(stage, scene["do"])(**act)) or DONE
        except SelfsameError as refusal:
            answer = error(refusal)
        stage.keep(**scene.get("keep", {}))
        transcribed.append({"act": number, "answer": answer, "at": at, "do": scene["do"]})
    return transcript(transcribed)


def policy_of(figures: dict[str, Any]) -> Policy:
    """The policy of a world, with the settings of the story."""
    policy = world_policy()
    for name, figure in figures.items():
        if name == "email_proof_later":
            policy.email_proof = EmailProof.LATER if figure else None
        elif name == "mfa_required":
            policy.mfa = MfaPolicy.REQUIRED if figure else None
        else:
            assert hasattr(policy, name), name
            setattr(policy, name, span(**figure) if isinstance(figure, dict) else figure)
    return policy


def span(days: int = 0, hours: int = 0, minutes: int = 0, seconds: int = 0, millis: int = 0) -> timedelta:
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds, milliseconds=millis)


def time(period_end: int | None = None, **_: object) -> datetime | None:
    """When a billing period ends."""
    return None if period_end is None else EPOCH + span(millis=period_end)


def called(variants: Any, name: str) -> Any:
    """The variant with this name in stories: a member of an enum, or a class whose data is still missing."""
    upper = "".join(f"_{letter}" if letter.isupper() else letter for letter in name).strip("_").upper()
    return getattr(variants, upper if issubclass(variants, enum.Enum) else name)


class Stage:
    """The things that the names of a story refer to. Each public method except `keep` is the act of that name."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._flows: dict[str, Flow] = {}
        self._sessions: dict[str, tuple[str, SessionToken]] = {}
        self._recognitions: dict[str, RecognitionToken] = {}
        self._accounts: dict[str, str] = {}
        self._requests: dict[str, tuple[str, str]] = {}
        self._codes: dict[str, Secret] = {}
        self._undos: dict[str, Secret] = {}
        self._apps: dict[str, Secret] = {}
        self._recovery_codes: dict[str, list[Secret]] = {}
        self.opened: SignedIn | None = None

    def keep(self, account: str | None = None, session: str | None = None) -> None:
        """Names the session that the last act opened, and its account."""
        if account:
            assert self.opened
            self._accounts[account] = self.opened.account
        if session:
            assert self.opened
            self._sessions[session] = (self.opened.session, self.opened.token)
            if self.opened.recognition:
                self._recognitions[session] = self.opened.recognition

    @property
    def _engine(self) -> Engine:
        return self._world.engine()

    def _arrived(self, name: str | None, flow: Flow) -> Flow:
        """Remembers the step that the flow has reached, and the session that it opened."""
        if isinstance(flow.step, Step.SignedIn):
            self.opened = flow.step.session
        if name:
            self._flows[name] = flow
            # An app or recovery codes that a flow enrols get the flow's name.
            if isinstance(flow.step, Step.EnrollSecondFactor):
                self._apps[name] = flow.step.secret
            if isinstance(flow.step, Step.SaveRecoveryCodes):
                self._given(name, flow.step.codes)
        return flow

    def _at(
        self,
        device: str = "laptop",
        product: str | None = None,
        known: Sequence[str] = (),
        origin: str | None = None,
    ) -> Client:
        """The device of an act, with the recognitions that these sessions earned."""
        recognitions = [self._recognitions[name] for name in known]
        return Client(device=device, product=product, recognitions=recognitions, origin=origin)

    def _token(self, session: str) -> SessionToken:
        return self._sessions[session][1]

    def _account(self, session: str) -> AccountHandle:
        return self._engine.account(self._token(session))

    def _method(self, account: AccountHandle, name: str) -> str:
        for method in account.view().methods:
            names = (method.provider, method.handle) if method.provider else (code(method.kind),)
            if name in names:
                return method.id
        return NOBODYS

    def _says(self, flow: str, identity: dict[str, Any]) -> Assertion:
        return self._world.assertion(Identity(**identity), self._flows[flow])

    def _shows(self, app: str) -> Secret:
        return self._world.totp(self._apps[app])

    def _given(self, name: str, codes: RecoveryCodes) -> RecoveryCodes:
        self._recovery_codes[name] = codes.codes
        return codes

    # Flows.

    def sign_up(self, email: str, password: str, flow: str, **client: Any) -> Flow:
        return self._arrived(flow, self._engine.sign_up(email, Secret(password), self._at(**client)))

    def begin_federated(self, provider: str, flow: str, **client: Any) -> Flow:
        return self._arrived(flow, self._engine.begin_federated(provider, self._at(**client)))

    def continue_with(self, flow: str, identity: dict[str, Any], intent: str, made_for: str | None = None) -> Flow:
        said = self._says(made_for or flow, identity)
        # An assertion answers the first step, even if the story gives it again later.
        first = replace(self._flows[flow], number=1)
        return self._arrived(flow, self._engine.continue_with(first, said, called(Intent, intent)))

    def answer(self, flow: str, give: str | dict[str, Any], number: int | None = None) -> Flow:
        answer = self._answer(flow, give)
        now_at = self._flows[flow]
        asked = now_at if number is None else replace(now_at, number=number)
        return self._arrived(flow, self._engine.answer(asked, answer))

    def _answer(self, flow: str, give: str | dict[str, Any]) -> Answer:
        if isinstance(give, str):
            carries_nothing: Answer = called(Answer, give)()
            return carries_nothing
        [(kind, value)] = give.items()
        match kind:
            case "Code":
                return Answer.Code(self._codes[value])
            case "Assertion":
                return Answer.Assertion(self._says(flow, value))
            case "Totp":
                return Answer.Totp(self._shows(value))
            case "RecoveryCode":
                return Answer.RecoveryCode(self._recovery_codes[value["of"]][value["number"] - 1])
            case "LinkTo":
                return Answer.LinkTo(value)
            case "CorrectAddress":
                return Answer.CorrectAddress(value)
        typed: Answer = called(Answer, kind.removeprefix("Typed"))(Secret(value))
        return typed

    def resume(self, flow: str) -> Flow:
        token = self._flows[flow].token
        assert token, f"{flow!r} was done at once, without a flow"
        return self._arrived(flow, self._engine.resume(token))

    def sign_in(self, email: str, password: str, flow: str | None = None, **client: Any) -> Flow:
        return self._arrived(flow, self._engine.sign_in(email, Secret(password), self._at(**client)))

    def picker(self) -> Json:
        return {"accounts": shown(self._engine.picker())}

    def sign_in_to(self, account: str, password: str, flow: str | None = None, **client: Any) -> Flow:
        chosen = self._accounts[account]
        return self._arrived(flow, self._engine.sign_in_to(chosen, Secret(password), self._at(**client)))

    def remove_from_picker(self, account: str) -> None:
        self._engine.remove_from_picker(self._accounts[account])

    def reset_password(self, email: str, flow: str, **client: Any) -> Flow:
        return self._arrived(flow, self._engine.reset_password(email, self._at(**client)))

    def reauthenticate(self, session: str, flow: str) -> Flow:
        return self._arrived(flow, self._engine.reauthenticate(self._token(session)))

    def undo(self, undo: str, flow: str, **client: Any) -> Flow:
        return self._arrived(flow, self._engine.undo(self._undos.get(undo, Secret(undo)), self._at(**client)))

    # The second factor.

    def enroll_totp(self, session: str, app: str) -> Json:
        begun = self._account(session).enroll_totp()
        self._apps[app] = begun.secret
        return begun

    def confirm_totp(self, session: str, app: str, codes: str) -> RecoveryCodes:
        digits = self._shows(app) if app in self._apps else Secret(app)
        return self._given(codes, self._account(session).confirm_totp(digits))

    def unsaved_recovery_codes(self, session: str) -> RecoveryCodes:
        return self._account(session).unsaved_recovery_codes()

    def regenerate_recovery_codes(self, session: str, codes: str) -> RecoveryCodes:
        return self._given(codes, self._account(session).regenerate_recovery_codes())

    def recovery_codes_saved(self, session: str) -> None:
        self._account(session).recovery_codes_saved()

    def turn_off_mfa(self, session: str) -> None:
        self._account(session).turn_off_mfa()

    def mark_compromised(self, session: str) -> None:
        account = self._account(session)
        methods = account.view().methods
        password = [method for method in methods if method.kind is MethodKind.PASSWORD]
        account.mark_compromised((password or methods)[0].id)

    # Sign-in methods and addresses.

    def begin_add(self, session: str, provider: str, flow: str) -> Flow:
        return self._arrived(flow, self._account(session).begin_add(provider))

    def add_password(self, session: str, email: str, password: str) -> Json:
        return self._account(session).add_password(email, Secret(password))

    def remove_method(self, session: str, method: str) -> None:
        account = self._account(session)
        account.remove_method(self._method(account, method))

    def take_seen_email(self, session: str, method: str) -> None:
        account = self._account(session)
        account.take_seen_email(self._method(account, method))

    def change_email(self, session: str, email: str) -> Json:
        return self._account(session).change_email(email)

    def verify_address(self, session: str, email: str) -> Json:
        return self._account(session).verify_address(email)

    def prove_address(self, session: str, code: str) -> Json:
        return self._account(session).prove_address(self._codes.get(code, Secret(code)))

    def set_contact(self, session: str, email: str) -> None:
        self._account(session).set_contact(email)

    def set_display_name(self, session: str, name: str | None = None) -> None:
        self._account(session).set_display_name(name)

    def change_password(self, session: str, current: str, new: str) -> None:
        self._account(session).change_password(Secret(current), Secret(new))

    def review(
        self, session: str, stays: list[str], second_factor_stays: bool = False, new_password: str | None = None
    ) -> None:
        account = self._account(session)
        keep = [self._method(account, name) for name in stays]
        account.review(keep, second_factor_stays, Secret(new_password) if new_password else None)

    def confirm_protected_acts(self, session: str) -> None:
        account = self._account(session)
        newest = max((act.number for act in account.view().protected_acts), default=0)
        account.confirm_protected_acts(newest)

    # Sessions and the account page.

    def resolve(self, session: str) -> Json:
        return self._engine.resolve(self._token(session))

    def touch(self, session: str) -> Json:
        return self._engine.touch(self._token(session))

    def account(self, session: str) -> Json:
        return self._account(session).view()

    def sessions(self, session: str) -> Json:
        return {"sessions": shown(self._account(session).sessions())}

    def end_session(self, session: str, ends: str) -> None:
        self._account(session).end_session(self._sessions[ends][0])

    def end_other_sessions(self, session: str) -> None:
        self._account(session).end_other_sessions()

    def sign_out(self, session: str) -> None:
        self._account(session).sign_out()

    def activity(self, session: str) -> Json:
        return {"events": shown(self._account(session).activity())}

    def verify_audit(self, session: str) -> Json:
        return {"holds": self._account(session).verify_audit()}

    def explain(self, session: str, planned: str) -> Json:
        return self._account(session).explain(called(Planned, planned)())

    # Deletion, support and privacy requests.

    def request_deletion(self, session: str) -> Json:
        return self._account(session).request_deletion()

    def purge_due(self, limit: int = 100) -> Json:
        return self._engine.purge_due(limit)

    def _desk(self, operator: str) -> SupportDesk:
        return self._engine.support(operator)

    def support_find(self, operator: str, named: str) -> Json:
        return {"accounts": shown(self._desk(operator).find(self._accounts.get(named, named)))}

    def support_activity(self, operator: str, account: str) -> Json:
        return {"events": shown(self._desk(operator).activity(self._accounts[account]))}

    def support_delete(self, operator: str, account: str, ticket: str) -> Json:
        return self._desk(operator).start_deletion(self._accounts[account], ticket)

    def support_records(self, account: str) -> Json:
        return {"records": shown(self._engine.support_records(self._accounts[account]))}

    def request_privacy(self, session: str, kind: str, request: str) -> Json:
        asked = self._account(session).request_privacy(called(RequestKind, kind))
        self._requests[request] = (asked.account, asked.id)
        return asked

    def privacy_requests(self, session: str) -> Json:
        return {"requests": shown(self._account(session).privacy_requests())}

    def export(self, session: str) -> Json:
        return json.loads(self._account(session).export())

    def open_requests(self) -> Json:
        return {"requests": shown(self._engine.open_requests(100))}

    def close_request(self, request: str, receipt: str) -> Json:
        return self._engine.close_request(*self._requests[request], receipt)

    def announce_erasure(self, request: str) -> Json:
        return self._engine.announce_erasure(*self._requests[request])

    def erase(self, request: str) -> None:
        self._engine.erase(*self._requests[request])

    # Products.

    def open_product(self, session: str, product: str) -> Json:
        return self._account(session).open_product(product)

    def memberships(self, session: str) -> Json:
        return {"memberships": shown(self._account(session).memberships())}

    def set_billing(self, account: str, product: str, billing: dict[str, Any]) -> None:
        status, managed_by = called(BillingStatus, billing["status"]), called(ManagedBy, billing["managed_by"])
        told = Billing(**{**billing, "status": status, "managed_by": managed_by, "period_end": time(**billing)})
        self._engine.set_billing(self._accounts[account], product, told)

    def billing_destination(self, session: str, product: str) -> Json:
        return self._account(session).billing_destination(product)

    def manage_destination(self, session: str, product: str | None = None, provider: str | None = None) -> Json:
        managed = Managed.Product(product) if product else Managed.Provider(provider or "")
        return self._account(session).manage_destination(managed)

    # The world and the host.

    def mail(self, to: str, code: str | None = None, undo: str | None = None) -> Json:
        message = self._world.take_mail(to)
        if message is None:
            return {"kind": None}
        sent = selfsame_identity.mailed_code(message.kind)
        if code and sent:
            self._codes[code] = sent
        if undo and message.undo:
            self._undos[undo] = message.undo.code
        return message

    def wait(self, **time: int) -> Json:
        self._world.later(span(**time))
        return {"now": self._world.now()}

    def turn_wall(self, forward: dict[str, int] | None = None, back: dict[str, int] | None = None) -> Json:
        self._world.set_wall_forward(span(**(forward or {})))
        self._world.set_wall_back(span(**(back or {})))
        return {"now": self._world.now()}

    def reopen(self) -> None:
        self._world.reopen()

    def reboot(self, **off: int) -> Json:
        self._world.reboot(span(**off))
        return {"now": self._world.now()}

    def rekey(self) -> None:
        self._engine.rekey(self._world.unlock())

    def health(self) -> Json:
        return self._engine.health()
