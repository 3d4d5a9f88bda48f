"""Django with django-allauth in this process, on SQLite, as a speaker of tests/benches/speakers.rs."""

import random
import shutil
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path

import django
from django.conf import settings

PASSWORD = "correct horse battery staple"
ACCOUNTS = 200
HASHED = 20
folder = Path(tempfile.mkdtemp(prefix="peer-django-"))

settings.configure(
    SECRET_KEY="a secret of thirty-two characters or more",
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["testserver"],
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "allauth",
        "allauth.account",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "allauth.account.middleware.AccountMiddleware",
    ],
    TEMPLATES=[{
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": [
            "django.template.context_processors.request",
            "django.contrib.auth.context_processors.auth",
            "django.contrib.messages.context_processors.messages",
        ]},
    }],
    DATABASES={"default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": folder / "accounts",
        "OPTIONS": {"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"},
    }},
    AUTHENTICATION_BACKENDS=["allauth.account.auth_backends.AuthenticationBackend"],
    PASSWORD_HASHERS=[f"{__name__}.Argon2", f"{__name__}.Bare"],
    EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend",
    ACCOUNT_LOGIN_METHODS={"email"},
    ACCOUNT_SIGNUP_FIELDS=["email*", "password1*"],
    ACCOUNT_EMAIL_VERIFICATION="none",
    ACCOUNT_RATE_LIMITS=False,
    LOGIN_REDIRECT_URL="/whoami",
    USE_TZ=True,
)

from django.contrib.auth.hashers import Argon2PasswordHasher, BasePasswordHasher  # noqa: E402


class Argon2(Argon2PasswordHasher):
    time_cost = 2
    memory_cost = 19456
    parallelism = 1


class Bare(BasePasswordHasher):
    """Compares strings, so that all else shows."""

    algorithm = "bare"

    def salt(self):
        return ""

    def encode(self, password, salt):
        return f"bare${password}"

    def verify(self, password, encoded):
        return encoded == f"bare${password}"

    def decode(self, encoded):
        return {"algorithm": "bare", "salt": "", "hash": encoded}

    def must_update(self, encoded):
        return False


django.setup()

from django.contrib.auth import hashers  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import include, path  # noqa: E402


def whoami(request):
    return HttpResponse(request.user.email if request.user.is_authenticated else "", status=200)


urlpatterns = [path("accounts/", include("allauth.urls")), path("whoami", whoami)]


def hash_with(name):
    """Which hasher new passwords get; each password is checked with its own."""
    settings.PASSWORD_HASHERS.sort(key=lambda path: not path.endswith(name))
    hashers.get_hashers.cache_clear()
    hashers.get_hashers_by_algorithm.cache_clear()


def post(client, url, email, **more):
    response = client.post(url, {"email": email, "login": email, **more})
    if response.status_code != 302:
        raise SystemExit(f"{url}: status {response.status_code}")


def sign_up(email):
    post(Client(), "/accounts/signup/", email, password1=PASSWORD)


def sign_in(email):
    client = Client()
    post(client, "/accounts/login/", email, password=PASSWORD)
    return client


def email(kind, number):
    return f"{kind}{number}@example.org"


call_command("migrate", verbosity=0)
hash_with("Bare")
for number in range(ACCOUNTS):
    sign_up(email("plain", number))
sessions = [sign_in(email("plain", number)) for number in range(50)]
hash_with("Argon2")
for number in range(HASHED):
    sign_up(email("hashed", number))
hasher = Argon2()
stored = hasher.encode(PASSWORD, hasher.salt())
fresh = iter(range(1_000_000))


def who_am_i():
    if not random.choice(sessions).get("/whoami").content:
        raise SystemExit("no session")


PARTS = {
    "sign_in": ("Argon2", lambda: sign_in(email("hashed", random.randrange(HASHED)))),
    "sign_up": ("Argon2", lambda: sign_up(email("new", next(fresh)))),
    "sign_in_bare": ("Bare", lambda: sign_in(email("plain", random.randrange(ACCOUNTS)))),
    "sign_up_bare": ("Bare", lambda: sign_up(email("new", next(fresh)))),
    "session": ("Bare", who_am_i),
    "hash": ("Argon2", lambda: hasher.verify(PASSWORD, stored)),
}


def timed(work):
    began = time.perf_counter_ns()
    work()
    return time.perf_counter_ns() - began


for part in PARTS:
    print(f"part {part}")
version = metadata.version("django-allauth")
print("note requests go through Django's test client, without a network")
print(f"ready Django {django.get_version()} with allauth {version}, SQLite with WAL and synchronous=FULL", flush=True)
for line in sys.stdin:
    part, count = line.split()
    name, work = PARTS[part]
    hash_with(name)
    print(*(timed(work) for _ in range(int(count))), flush=True)
shutil.rmtree(folder)
