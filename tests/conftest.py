"""Real databases for every test: SQLite in a file, and PostgreSQL started from a pip package by the fixtures."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from bot.app import spare_garbage
from handlers.grammar import Registry, open_registry
from storage import all_tables
from storage.engine import Database, open_engine
from tests.company import Roll
from tests.planted import Program, plant, serving
from tests.postgres import Server, start_server
from tests.talk import Company
from tests.through import way

# A busy machine is no failure of a property, and what was green once is green again: the long runs in tests/faults draw
# anew each time.
settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")

CONVERSATIONS = frozenset(
    {
        "test_activity", "test_activity_feedback", "test_announcement", "test_announcement_approval", "test_calendar",
        "test_checkin", "test_console", "test_console_points", "test_console_points_objection", "test_correction",
        "test_demand", "test_demand_deadline", "test_demand_desk", "test_desk_list", "test_digest", "test_dingtalk",
        "test_dingtalk_refusals", "test_document", "test_gathering", "test_help", "test_learning", "test_meeting",
        "test_meeting_attendance", "test_member", "test_minutes", "test_numbers", "test_obligation", "test_people",
        "test_points", "test_question", "test_quiz", "test_rate", "test_reach", "test_reading", "test_roles",
        "test_roster", "test_settings", "test_sign_in", "test_telegram", "test_theme_day", "test_wecom",
    }
)  # fmt: skip
"""What these test is what is said: one database is enough for `make test`, and `make test-all` takes both. Their nouns
are walked through on PostgreSQL by other tests (whole days, concurrency, machines)."""
LONG = frozenset(
    {
        "test_a_broadcast_survives_any_number_of_kills", "test_a_broadcast_survives_kills_in_the_air[wecom]",
        "test_a_broadcast_survives_kills_in_the_air[dingtalk]",
        "test_a_broadcast_is_whole_after_floods_and_silence[wecom]",
        "test_a_broadcast_is_whole_after_floods_and_silence[dingtalk]", "test_the_folder_may_have_any_name",
        "test_a_second_start_on_the_same_file_is_refused_and_one_after_a_kill_is_not[demo]",
        "test_demands_pushed_about_by_everybody_keep_their_rules",
        "test_rosters_in_any_order_leave_a_tree_with_everybody_in_place",
        "test_sigterm_under_load_ends_quickly_and_loses_nothing[postgresql]",
        "test_a_process_without_room_for_its_files[goes on]",
    }
)  # fmt: skip
"""Each takes ten seconds and more, and a shorter sister of it stays in `make test`."""


FIRST = ("test_browser", "test_proof_walk", "test_proof_pages", "test_kill", "test_proof_description", "test_nginx")
"""What takes longest goes first: begun last, it would leave the other workers with nothing to do."""


def _place(item: pytest.Item) -> int:
    return FIRST.index(item.path.stem) if item.path.stem in FIRST else len(FIRST)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the second database of conversations and the long ones, unless all are asked for or one is named."""
    items.sort(key=_place)
    faults = os.environ.get("DANGQUN_FAULTS") == "long"
    if os.environ.get("DANGQUN_DATABASES") == "both" or faults or any("::" in one for one in config.args):
        return
    left = [
        one
        for one in items
        if one.name in LONG
        or one.name.partition("[")[0] in LONG
        or ("[postgresql" in one.name and one.path.stem in CONVERSATIONS)
    ]
    config.hook.pytest_deselected(items=left)
    gone = set(left)
    items[:] = [one for one in items if one not in gone]


def pytest_collection_finish() -> None:
    """Do with what was imported as the program does once it has started: a seventh of the time."""
    spare_garbage()


MEMORY = Path("/dev/shm")  # noqa: S108 - private folders are made in it


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with every table and no row."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    engine = open_engine(f"sqlite:///{path}")
    all_tables().create_all(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server for this session, or a skip that says why there is none."""
    server = start_server()
    if server is None:
        pytest.skip("no PostgreSQL: install the test requirements, or set TEST_DATABASE_URL")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres_template(postgres: Server) -> str:
    """The name of a database on it with every table and no row."""
    name = f"template_{os.getpid()}"
    engine = open_engine(postgres.create(name))
    all_tables().create_all(engine)
    engine.dispose()
    return name


@pytest.fixture(scope="session")
def registry() -> Registry:
    """Every capability."""
    return open_registry()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder for a database: in memory where the machine has such a place, for a commit there costs nothing."""
    if not os.access(MEMORY, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(prefix="dangqun-", dir=MEMORY) as name:
        yield Path(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, folder: Path) -> str:
    """An empty database with every table, of each kind in turn."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), folder / "test.db")
        return f"sqlite:///{folder / 'test.db'}"
    postgres: Server = request.getfixturevalue("postgres")
    return postgres.create(f"test_{os.getpid()}", template=request.getfixturevalue("postgres_template"))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The door to it."""
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def sqlite_company(
    sqlite_template: Path, registry: Registry, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Roll]:
    """A SQLite file in which the test enterprise has settled."""
    path = tmp_path_factory.mktemp("sqlite") / "company.db"
    shutil.copy(sqlite_template, path)
    database = Database(f"sqlite:///{path}")
    roll = Company(database, registry).roll
    database.close()
    with open_engine(f"sqlite:///{path}").connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return path, roll


@pytest.fixture(scope="session")
def planted(
    sqlite_company: tuple[Path, Roll], registry: Registry, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Roll]:
    """A SQLite file of an enterprise in which everybody has done their work once, and all words are marked."""
    template, roll = sqlite_company
    path = tmp_path_factory.mktemp("planted") / "planted.db"
    shutil.copy(template, path)
    database = Database(f"sqlite:///{path}")
    plant(Company(database, registry, roll=roll))
    database.close()
    with open_engine(f"sqlite:///{path}").connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return path, roll


@pytest.fixture(scope="module")
def program(planted: tuple[Path, Roll], registry: Registry) -> Iterator[Program]:
    """The program running with it, for all tests of a module: these look, and what they change is not looked at."""
    where = MEMORY if os.access(MEMORY, os.W_OK) else None
    with (
        tempfile.TemporaryDirectory(prefix="dangqun-", dir=where) as name,
        serving(planted, Path(name), registry) as it,
    ):
        yield it


@pytest.fixture(scope="session")
def postgres_company(postgres: Server, postgres_template: str, registry: Registry) -> tuple[str, Roll]:
    """A PostgreSQL database in which the test enterprise has settled."""
    name = f"company_{os.getpid()}"
    database = Database(postgres.create(name, template=postgres_template))
    roll = Company(database, registry).roll
    database.close()
    return name, roll


@pytest.fixture(params=["sqlite", "postgresql"])
def company(request: pytest.FixtureRequest, folder: Path, registry: Registry) -> Iterator[Company]:
    """The test enterprise on a Monday morning, on each database in turn; `company.database` is the door to it."""
    if request.param == "sqlite":
        template, roll = request.getfixturevalue("sqlite_company")
        shutil.copy(template, folder / "company.db")
        url = f"sqlite:///{folder / 'company.db'}"
    else:
        name, roll = request.getfixturevalue("postgres_company")
        postgres: Server = request.getfixturevalue("postgres")
        url = postgres.create(f"test_{os.getpid()}", template=name)
    opened = Database(url)
    enterprise = Company(opened, registry, roll=roll)
    enterprise.through = way(request.node.nodeid)
    yield enterprise
    # Whatever was talked about: what somebody wrote into a request stands in no reply below its class.
    betrayed = enterprise.betrayed()
    opened.close()
    assert not betrayed
