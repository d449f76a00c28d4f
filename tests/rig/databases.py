"""Tests of data run on SQLite and on PostgreSQL, in one run.

`@pytest.mark.both_databases` runs a test once on each; `@pytest.mark.postgres` on PostgreSQL alone; all others on
SQLite. `--databases both|sqlite|postgres` overrides that for every test that touches the database.

The alias `default` changes hands between tests: the settings of the connection are exchanged, so that threads started
by the test (the live server) and `settings.DATABASES` see the same database as the test.
"""

import fcntl
import hashlib
import shutil
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

import pytest
from django.conf import settings
from django.db import connection, connections
from pytest_django.plugin import blocking_manager_key

from tests.rig import postgres

DATABASE_FIXTURES = {
    "db",
    "transactional_db",
    "django_db_setup",
    "live_server",
    "worker",
    "django_db_reset_sequences",
}
CHOICES = ("marked", "both", "sqlite", "postgres")
KEY = pytest.StashKey["Databases"]()


class Databases:
    """The test databases of this process, each made at first use: a copy of one that an earlier run migrated.

    Migrating takes seconds, copying none. The copies lie in `store`, under a key of all that migrating depends on.
    """

    def __init__(self, *, name: str, store: Path) -> None:
        self.store = store
        self.current = "sqlite"
        self.ready: set[str] = set()
        self.settings: dict[str, dict[str, Any]] = {"sqlite": connections.settings["default"]}
        self.settings["sqlite"]["TEST"]["NAME"] += f"_{name}"
        self.server: postgres.Postgres | None = None

    def use(self, kind: str) -> None:
        """Give the alias `default` to the database of that kind."""
        if kind == self.current:
            return
        if kind not in self.settings:
            # What Django filled in for SQLite goes for PostgreSQL too, but for the options and the name.
            test = self.settings["sqlite"]["TEST"] | {"NAME": "test_teinei"}
            self.settings[kind] = self.settings["sqlite"] | {"OPTIONS": {}, "TEST": test}
        connections["default"].close()
        connections.settings["default"] = settings.DATABASES["default"] = self.settings[kind]
        del connections["default"]
        self.current = kind

    def make(self) -> None:
        """Make the present database, once."""
        if self.current in self.ready:
            return
        with (self.store / f"{self.current}.lock").open("w") as lock:
            # Of several processes one migrates, the others copy.
            if not taken_at_once(lock):
                self.make_the_other()
                fcntl.flock(lock, fcntl.LOCK_EX)
            self.make_alone()

    def make_the_other(self) -> None:
        """While another process migrates the present kind, migrate the other kind, unless somebody does or did."""
        waiting, other = self.current, "postgres" if self.current == "sqlite" else "sqlite"
        with (self.store / f"{other}.lock").open("w") as lock:
            if not self.kept(other).exists() and postgres.programs() and taken_at_once(lock):
                self.use(other)
                self.make_alone()
                self.use(waiting)

    def make_alone(self) -> None:
        if self.current == "sqlite":
            self.make_sqlite(self.kept("sqlite"))
        else:
            self.make_postgres(self.kept("postgres"))
        self.ready.add(self.current)

    def kept(self, kind: str) -> Path:
        return self.store / f"{kind}-{migration_key()}"

    def migrated_file(self) -> Path:
        """SQLite's database as migrated and empty, to be copied."""
        self.use("sqlite")
        self.make()
        return self.kept("sqlite")

    def make_sqlite(self, kept: Path) -> None:
        name = self.settings["sqlite"]["TEST"]["NAME"]
        if kept.exists():
            shutil.copyfile(kept, name)
            connection.close()
            self.settings["sqlite"]["NAME"] = name
            return
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        forget(self.store, "sqlite-*")
        shutil.copyfile(name, kept)

    def make_postgres(self, kept: Path) -> None:
        if not kept.exists():
            self.server = postgres.start()
            self.settings["postgres"].update(self.server.settings())
            connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
            connection.close()
            self.server.stop(keep=True)
            forget(self.store, "postgres-*")
            shutil.copytree(self.server.folder / "cluster", kept)
            shutil.rmtree(self.server.folder, ignore_errors=True)
        self.server = postgres.start(kept)
        self.settings["postgres"].update(self.server.settings() | {"NAME": "test_teinei"})
        connection.close()

    def end(self) -> None:
        """Close, and stop the server."""
        connections["default"].close()
        if self.server:
            self.server.stop()


def taken_at_once(lock: IO[str]) -> bool:
    """Whether nobody else holds the lock; if so, this process holds it now."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def forget(store: Path, pattern: str) -> None:
    """Remove the copies of other keys."""
    for path in store.glob(pattern):
        if path.is_dir():
            shutil.rmtree(path)
        elif path.suffix != ".lock":
            path.unlink()


@lru_cache(maxsize=1)
def migration_key() -> str:
    """Changes with the migrations and the triggers, the settings, and the packages that bring migrations."""
    root = Path(settings.BASE_DIR)
    paths = [
        *root.glob("*/migrations/*.py"),
        root / "curation" / "frozen_rows.py",
        *root.glob("requirements/*.txt"),
        *(root / "config" / name for name in ("settings.py", "environment.py")),
    ]
    whole = hashlib.sha256()
    for path in sorted(paths):
        whole.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()[:16]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--databases", choices=CHOICES, default="marked", help="Where tests of data run.")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--databases") != "sqlite" and postgres.programs() is None:
        raise pytest.UsageError(
            "PostgreSQL's server programs are missing: install Debian's `postgresql`, or give --databases sqlite."
        )


def pytest_unconfigure(config: pytest.Config) -> None:
    if KEY in config.stash:
        with config.stash[blocking_manager_key].unblock():
            config.stash[KEY].end()


def databases(config: pytest.Config) -> Databases:
    """Those of this process."""
    if KEY not in config.stash:
        name = getattr(config, "workerinput", {}).get("workerid", "main")
        config.stash[KEY] = Databases(name=name, store=config.cache.mkdir("databases"))
    return config.stash[KEY]


@pytest.fixture(scope="session")
def copy_migrated(request: pytest.FixtureRequest, django_db_blocker: Any) -> Callable[[Path], None]:
    """Gives an installation's folder a migrated, empty database: that it migrates by itself, test_serve.py says."""

    def copy(folder: Path) -> None:
        with django_db_blocker.unblock():
            migrated = databases(request.config).migrated_file()
        (folder / "var").mkdir(mode=0o700)
        shutil.copyfile(migrated, folder / "var" / "teinei.sqlite3")

    return copy


def touches_database(item: Any, fixtures: list[str]) -> bool:
    return item.get_closest_marker("django_db") is not None or bool(DATABASE_FIXTURES & set(fixtures))


def kinds(item: Any, fixtures: list[str], choice: str) -> list[str]:
    """The databases a test runs on; none where it stays as it is, on SQLite."""
    marked = item.get_closest_marker("both_databases") is not None
    only_postgres = item.get_closest_marker("postgres") is not None
    if only_postgres:
        return ["postgres"]
    if choice == "marked":
        return ["sqlite", "postgres"] if marked else []
    if not marked and not touches_database(item, fixtures):
        return []
    return {"both": ["sqlite", "postgres"], "sqlite": [], "postgres": ["postgres"]}[choice]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    wanted = kinds(metafunc.definition, metafunc.fixturenames, metafunc.config.getoption("--databases"))
    if wanted:
        if "database" not in metafunc.fixturenames:
            metafunc.fixturenames.append("database")
        marker = metafunc.definition.get_closest_marker("both_databases")
        seldom = marker.kwargs.get("slow", ()) if marker else ()
        kinds_marked = [
            pytest.param(kind, marks=pytest.mark.slow) if kind in seldom else kind for kind in wanted
        ]
        metafunc.parametrize("database", kinds_marked, indirect=True)


@pytest.fixture
def database(request: pytest.FixtureRequest) -> str:
    """The kind of database this test runs on: "sqlite" or "postgres"."""
    return str(getattr(request, "param", "sqlite"))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before any fixture: pytest-django opens its transaction on whatever `default` is then."""
    kind = item.callspec.params.get("database", "sqlite") if hasattr(item, "callspec") else "sqlite"
    if kind == "postgres" and item.config.getoption("--databases") == "sqlite":
        pytest.skip("runs on PostgreSQL alone")
    here = databases(item.config)
    with item.config.stash[blocking_manager_key].unblock():
        here.use(kind)
        if touches_database(item, list(getattr(item, "fixturenames", []))):
            here.make()


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest, django_test_environment: None, django_db_blocker: Any
) -> None:
    """In place of pytest-django's: the hook above makes each database when a test first needs it."""
    with django_db_blocker.unblock():
        databases(request.config).make()


def database_url() -> str:
    """The present test database, for the DATABASE_URL of a program that a test starts."""
    given = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{given['NAME']}"
    return f"postgresql://{given['USER']}@/{given['NAME']}?host={given['HOST']}&port={given['PORT']}"
