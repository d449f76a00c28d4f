"""Settings of Teinei, all from the environment; without any, a one-machine installation under var/.

Names start with TEINEI_, but for DATABASE_URL and REDIS_URL. A secret NAME may also be given as NAME_FILE, the
path of a file that holds it. docs/ lists every name with its default.
"""

import os
import secrets
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from config.environment import database, env, env_flag, env_int, env_list, env_secret, sqlite

BASE_DIR = Path(__file__).resolve().parent.parent


def kept_secret(name: str, file_name: str) -> str:
    """A secret given by the environment, or in embedded mode one made once and kept in var/ (mode 600).

    A team's installation must name its secrets: one made on the spot would differ between machines.
    """
    if value := env_secret(name):
        return value
    if not EMBEDDED:
        raise ImproperlyConfigured(f"Set {name} or {name}_FILE: with DATABASE_URL set no secret is made up.")
    path = VAR / file_name
    if not path.exists():
        draft = VAR / f"{file_name}.{os.getpid()}"
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            os.link(draft, path)  # of two processes starting at once, the first one's secret stands
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="utf-8").strip()


def redis_url() -> str:
    """REDIS_URL, or where `manage.py serve` says its own broker listens; port 1 answers nobody."""
    if url := env_secret("REDIS_URL"):
        return url
    try:
        return (VAR / "broker-url").read_text(encoding="utf-8").strip()
    except OSError:
        return "redis://127.0.0.1:1/0"


# --- Where things are ------------------------------------------------------------------------------------------

VAR = Path(env("TEINEI_VAR", str(BASE_DIR / "var"))).resolve()
VAR.mkdir(mode=0o700, parents=True, exist_ok=True)
TEINEI_VAR = VAR
EMBEDDED = not env("DATABASE_URL")
TEINEI_EMBEDDED = EMBEDDED

DEBUG = env_flag("TEINEI_DEBUG")
TEINEI_DEMO = env_flag("TEINEI_DEMO")
# The address people type, for links in mail and for cookies that must not travel in the clear.
TEINEI_URL = env("TEINEI_URL", "http://127.0.0.1:8000").rstrip("/")
HTTPS = TEINEI_URL.startswith("https://")
# Whom raters can talk to: a name, a mail address, a telephone number; shown as it stands.
TEINEI_SUPPORT_CONTACT = env("TEINEI_SUPPORT_CONTACT")

SECRET_KEY = kept_secret("TEINEI_SECRET_KEY", "secret-key")
# Encrypts the keys of model endpoints at rest; apart from SECRET_KEY, so that either can be changed alone.
TEINEI_FIELD_KEY = kept_secret("TEINEI_FIELD_KEY", "field-key")

ALLOWED_HOSTS = [
    *env_list("TEINEI_HOSTS"),
    urlsplit(TEINEI_URL).hostname or "",
    "localhost",
    "127.0.0.1",
    "[::1]",
]
CSRF_TRUSTED_ORIGINS = [TEINEI_URL] if HTTPS else []

# --- Apps ------------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    # Higher floors first: their templates win over those of the floors below and of the packages.
    "finetune",
    "judging",
    "annotation",
    "curation",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "drf_spectacular",
    "django_filters",
    "django_htmx",
    "template_partials",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "axes",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "curation.views.sign_in.own_language",
    "curation.views.ordering.refuse_orders",
    "django.contrib.messages.middleware.MessageMiddleware",
    "curation.views.kept.tell_kept",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "config" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "curation.context.frame",
            ],
        },
    },
]

# --- Data ------------------------------------------------------------------------------------------------------

DATABASES = {"default": sqlite(VAR / "teinei.sqlite3") if EMBEDDED else database(env("DATABASE_URL"))}

# Per process: only allauth's small rate limits live here, never anything that two processes must agree on.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# --- Language and time -----------------------------------------------------------------------------------------

LANGUAGE_CODE = "ja"
LANGUAGES = [("ja", _("Japanese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "config" / "locale"]
TIME_ZONE = env("TEINEI_TIME_ZONE", "Asia/Tokyo")
USE_TZ = True
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = HTTPS

# --- Static files ----------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = Path(env("TEINEI_STATIC", str(BASE_DIR / "staticfiles")))
STATICFILES_DIRS = [BASE_DIR / "config" / "static"]
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(VAR / "files")},
    },
    "staticfiles": {"BACKEND": "config.static_files.KnownStaticFiles"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

# --- Sign-in ---------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "curation.Person"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"

ACCOUNT_ADAPTER = "config.sign_in.Accounts"
ACCOUNT_FORMS = {"login": "config.sign_in_form.SignInForm"}
SOCIALACCOUNT_ADAPTER = "config.sign_in.ForeignAccounts"
TEINEI_OPEN_SIGN_UP = env_flag("TEINEI_OPEN_SIGN_UP")
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
# Failed sign-ins are counted by axes, in the database and so across processes.
ACCOUNT_RATE_LIMITS = {"login_failed": False}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Teinei"

OIDC_SERVER = env("TEINEI_OIDC_SERVER")
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "APPS": [
            {
                "provider_id": "oidc",
                "name": env("TEINEI_OIDC_NAME", "OpenID Connect"),
                "client_id": env("TEINEI_OIDC_CLIENT_ID"),
                "secret": env_secret("TEINEI_OIDC_SECRET"),
                "settings": {"server_url": OIDC_SERVER},
            }
        ]
        if OIDC_SERVER
        else [],
        "OAUTH_PKCE_ENABLED": True,
    }
}

# By name and address together: nobody can lock another person out from elsewhere.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_ON_SUCCESS = True
AXES_USERNAME_CALLABLE = "config.sign_in.typed_name"
AXES_ENABLE_ACCESS_FAILURE_LOG = False
AXES_VERBOSE = False
AXES_LOCKOUT_TEMPLATE = "account/locked_out.html"

# --- Headers and cookies ---------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],  # the QR code of the second factor is a data: image
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        # Chromium applies form-action to the redirect to the identity provider too.
        "form-action": ["'self'", *([f"https://{urlsplit(OIDC_SERVER).netloc}"] if OIDC_SERVER else [])],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = env_int("TEINEI_HSTS_SECONDS", 31_536_000 if HTTPS else 0)
SECURE_SSL_REDIRECT = False  # the proxy's task; a redirect here loops behind one that ends TLS
if env_flag("TEINEI_BEHIND_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
SESSION_ENGINE = "curation.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = 14 * 24 * 3600
CSRF_COOKIE_HTTPONLY = True  # scripts read the token from the page, not from the cookie
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = HTTPS

# --- Mail ------------------------------------------------------------------------------------------------------

EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if env('TEINEI_MAIL_HOST') else 'console'}.EmailBackend"
EMAIL_HOST = env("TEINEI_MAIL_HOST")
EMAIL_PORT = env_int("TEINEI_MAIL_PORT", 587)
EMAIL_HOST_USER = env("TEINEI_MAIL_USER")
EMAIL_HOST_PASSWORD = env_secret("TEINEI_MAIL_PASSWORD")
EMAIL_USE_TLS = env_flag("TEINEI_MAIL_TLS", True)
DEFAULT_FROM_EMAIL = env("TEINEI_MAIL_FROM", "teinei@localhost")
EMAIL_TIMEOUT = 20  # seconds; a server that says nothing must not hold a worker for ever
# From this hour on, where the server stands, digests go out: each day, the weekly ones on Mondays.
TEINEI_DIGEST_HOUR = env_int("TEINEI_DIGEST_HOUR", 8)
# After so many days a notice that its person has seen is removed.
TEINEI_NOTICE_DAYS = env_int("TEINEI_NOTICE_DAYS", 180)

# --- The API ---------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["curation.api_parsers.Json"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "curation.api_pages.ByKey",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "curation.api_errors.answer",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Teinei",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
}

# --- Background work -------------------------------------------------------------------------------------------

REDIS_URL = redis_url()
CELERY_BROKER_URL = REDIS_URL
# A message unacknowledged for longer is given to another worker: above the longest task. Training and judge runs are
# kept by their own lease rows, so none of theirs lives that long. The two other options make the sweep run every
# second; left alone, kombu takes up to 100 s more.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": env_int("TEINEI_VISIBILITY_TIMEOUT", 3600),
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
    "unacked_mutex_expire": 10,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 3.0  # what is not done by then goes back to the queue
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True  # another worker will have them
CELERY_TASK_PUBLISH_RETRY = False  # a page must not hang where there is no broker; it says so instead
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = TIME_ZONE
CELERY_TASK_DEFAULT_QUEUE = "work"
# Loaded once, before a worker forks: scipy, which nothing else loads until it computes.
CELERY_IMPORTS = ("curation.stats.whole",)
# Fine-tuning has a worker of its own: two long runs must not hold up an import.
CELERY_TASK_ROUTES = {name: {"queue": "training"} for name in ("finetune.train", "finetune.evaluate")}
# Task name -> seconds. Any worker that listens enqueues what is due; the broker sees to it that only one does.
TEINEI_PERIODIC: dict[str, int] = {
    "finetune.reconcile": 15,
    "judging.settle": 15,
    "annotation.reconcile": 60,
    "curation.seal_log": 300,
    "curation.reconcile": 15,
    "curation.remove_old_files": 3600,
    "curation.remove_old_notices": 86_400,
    "curation.send_digests": 600,
    "curation.embed_questions": 60,
}

# --- Label Studio ----------------------------------------------------------------------------------------------

# For datasets without a server of their own (connect_labelstudio). The key is a legacy or a personal access token.
LABEL_STUDIO_URL = env("LABEL_STUDIO_URL").rstrip("/")
LABEL_STUDIO_API_KEY = env_secret("LABEL_STUDIO_API_KEY")
# Under which address Label Studio reaches this site; empty: no webhook is registered, and the clock alone pulls.
LABEL_STUDIO_WEBHOOK_URL = env("LABEL_STUDIO_WEBHOOK_URL").rstrip("/")

# --- The Hugging Face Hub --------------------------------------------------------------------------------------

# Where releases are published (empty: the public hub), and with whose token.
HF_ENDPOINT = env("HF_ENDPOINT")
HF_TOKEN = env_secret("HF_TOKEN")

# --- Meaning ---------------------------------------------------------------------------------------------------

# Whether questions in other words are looked for, by the gates and while somebody writes, where the package for it is
# installed: the first look at many texts takes minutes.
TEINEI_MEANING = env_flag("TEINEI_MEANING", True)

# --- Exports ---------------------------------------------------------------------------------------------------

# After so many days the files of an export, and of a plan to publish that nobody carried out, are removed.
TEINEI_EXPORT_DAYS = env_int("TEINEI_EXPORT_DAYS", 30)

# --- Judging ---------------------------------------------------------------------------------------------------

# A run's verdicts may be published if at least so many percent of its calls ended in a score: of all, and of each model.
TEINEI_PARSED_PERCENT = env_int("TEINEI_PARSED_PERCENT", 99)
TEINEI_PARSED_PERCENT_PER_MODEL = env_int("TEINEI_PARSED_PERCENT_PER_MODEL", 97)

# --- Logs ------------------------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env("TEINEI_LOG_LEVEL", "WARNING").upper()},
    "loggers": {"django": {"handlers": [], "propagate": True}, "celery": {"level": "WARNING"}},
}
