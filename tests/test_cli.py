"""The command line, as somebody types it who installs the program for the first time."""

from __future__ import annotations

import re
import sqlite3
import stat
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlalchemy.exc import OperationalError
from typer.testing import CliRunner

from bot.__main__ import app
from bot.commands.run import bind
from bot.commands.say import program
from bot.mistakes import of_database

ROSTER = (
    "花名册\n工号,姓名,政治面貌,党支部,部门,职责\n007,王芳,中共党员,第一党支部,综合部,支部书记\n8,李强,群众,,生产部,\n"
)
QUESTIONS = "题型,题干,选项A,选项B,答案\n单选题,安全帽多久检查？,每天,每年,A\n单选题,坏题,甲,乙,D\n"


def dangqun(*words: str) -> tuple[int, str]:
    """Run a command; returns exit code and what it said."""
    result = CliRunner().invoke(app, list(words), env={"COLUMNS": "200"})
    return result.exit_code, result.output


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, with a blank and Chinese letters in its name."""
    folder = tmp_path / "我的 文件夹"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def installed(home: Path) -> Path:
    """A folder after `dangqun init`."""
    assert dangqun("init", "--name", "江河集团")[0] == 0
    return home


def test_init_writes_secrets_that_only_the_owner_reads(home: Path) -> None:
    code, said = dangqun("init", "--name", "江河集团")
    assert code == 0
    assert "下一步" in said
    config = home / "config.toml"
    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    words = config.read_text(encoding="utf-8")
    assert 'name = "江河集团"' in words
    assert (home / "var" / "dangqun.db").exists()
    code, said = dangqun("init")
    assert code != 0
    assert "没有改动" in said
    assert config.read_text(encoding="utf-8") == words


def test_the_next_steps_can_be_typed_as_they_stand(home: Path) -> None:
    code, said = dangqun("init", "--name", "江河集团")
    assert code == 0
    steps = re.findall(r"\d\. \S*dangqun (.+)", said)
    assert steps == [
        "import roster 花名册.xlsx --dry-run",
        "import roster 花名册.xlsx",
        "invite 工号 --administrator",
        "run",
        "invite 工号",
        "connect wecom",
        "doctor",
    ]
    assert said.count(f"{program()} ") >= len(steps)
    assert "另开一个终端" in said
    (home / "花名册.csv").write_bytes(ROSTER.encode("gb18030"))
    for step in (steps[0], steps[1], steps[2], steps[4], steps[6]):
        words = step.replace(".xlsx", ".csv").replace("工号", "007").split()
        assert dangqun(*words)[0] == 0, words
    assert " -c anders.toml" in dangqun("init", "--config", "anders.toml")[1]


def test_a_name_with_quotes_is_refused(home: Path) -> None:
    assert dangqun("init", "--name", 'a"b')[0] != 0
    assert not (home / "config.toml").exists()


def test_from_roster_to_invitation(installed: Path) -> None:
    (installed / "花名册.csv").write_bytes(ROSTER.encode("gb18030"))
    code, said = dangqun("import", "roster", "花名册.csv", "--dry-run")
    assert code == 0
    assert "新增 2" in said
    assert "没有写入" in said
    assert "拒绝" not in said
    (installed / "错.csv").write_text(ROSTER + "，\n,没有工号,中共党员\n", encoding="utf-8")
    code, said = dangqun("import", "roster", "错.csv", "--dry-run")
    assert "行有问题：这样导入会整份拒绝" in said
    assert "--skip-errors" in said
    assert "导入时跳过" in dangqun("import", "roster", "错.csv", "--dry-run", "--skip-errors")[1]
    assert dangqun("import", "roster", "错.csv")[0] == 1
    assert dangqun("invite", "007")[0] == 1
    code, said = dangqun("import", "roster", "花名册.csv")
    assert "已导入" in said
    code, said = dangqun("import", "roster", "花名册.csv")
    assert "不变 2" in said
    code, said = dangqun("invite", "007", "--administrator")
    assert code == 0
    assert "王芳" in said
    assert "一次有效" in said
    code, said = dangqun("export", "members", "--out", "out.xlsx")
    page = load_workbook(installed / "out.xlsx").active
    assert page is not None
    assert [cell.value for cell in page[2]][:3] == ["007", "王芳", "中共党员"]
    code, said = dangqun("import", "roster", "out.xlsx")
    assert "不变 2" in said
    assert code == 0


def test_an_import_with_errors_names_the_way_to_skip_them(installed: Path) -> None:
    (installed / "r.csv").write_text("工号,姓名\n0009,赵敏\n,钱多\n", encoding="utf-8")
    code, said = dangqun("import", "roster", "r.csv")
    assert code == 1
    assert "只导入没有问题的行。（加上 --skip-errors）" in said
    assert "(add --skip-errors)" in said
    assert dangqun("import", "roster", "r.csv", "--skip-errors")[0] == 0


def test_an_invitation_understands_a_number_without_its_zeros(installed: Path) -> None:
    (installed / "r.csv").write_text("工号,姓名\n0009,赵敏\n012,钱多\n0012,孙力\n7,周正\n", encoding="utf-8")
    assert dangqun("import", "roster", "r.csv")[0] == 0
    code, said = dangqun("invite", "9")
    assert code == 0, said
    assert "工号 9 按 0009 处理" in said
    assert "赵敏（0009）" in said
    assert "周正（7）" in dangqun("invite", "007")[1]
    assert "孙力（0012）" in dangqun("invite", "0012")[1]
    # Two people could be meant: nobody gets the other's code.
    assert dangqun("invite", "12")[0] == 1


def test_an_invitation_warns_of_a_link_that_opens_here_alone(installed: Path) -> None:
    (installed / "r.csv").write_text("工号,姓名\n0009,赵敏\n", encoding="utf-8")
    assert dangqun("import", "roster", "r.csv")[0] == 0
    assert "只有本机打得开：先在 [web] base_url 填" in dangqun("invite", "0009")[1]
    config = installed / "config.toml"
    words = config.read_text(encoding="utf-8").replace('base_url = ""', 'base_url = "https://d.example.com"')
    config.write_text(words, encoding="utf-8")
    code, said = dangqun("invite", "0009")
    assert code == 0
    assert "只有本机打得开" not in said
    assert "https://d.example.com/chat/?start=" in said


def test_a_backup_does_not_overwrite_a_file_unless_told_to(installed: Path) -> None:
    file = installed / "a.zip"
    assert dangqun("backup", "a.zip")[0] == 0
    file.write_bytes(b"something else")
    code, said = dangqun("backup", "a.zip")
    assert code == 2
    assert "a.zip 已存在，没有改动它" in said
    assert "--force" in said
    assert file.read_bytes() == b"something else"
    assert dangqun("backup", "a.zip", "--force")[0] == 0
    assert dangqun("verify", "a.zip")[0] == 0


def test_questions_with_errors_by_row(installed: Path) -> None:
    (installed / "题.csv").write_text(QUESTIONS, encoding="utf-8")
    code, said = dangqun("import", "questions", "题.csv", "--bank", "plant", "--dry-run")
    assert code == 1
    assert "第 3 行" in said
    assert "新增 1" in said
    code, said = dangqun("import", "questions", "题.csv", "--bank", "plant")
    assert "新增 1" in said
    code, said = dangqun("import", "questions", "题.csv", "--bank", "plant")
    assert "新增 0" in said
    assert "不变 1" in said
    assert dangqun("import", "questions", "题.csv", "--bank", "safety/../x")[0] == 1


@pytest.mark.parametrize("what", ["members", "points", "demands", "checkins"])
def test_every_export_in_both_formats(installed: Path, what: str) -> None:
    for name in ("a.xlsx", "a.csv"):
        assert dangqun("export", what, "--out", name)[0] == 0
        assert (installed / name).stat().st_size > 0
    code, said = dangqun("export", what, "--out", "a.pdf")
    assert code != 0
    assert ".xlsx" in said
    with closing(sqlite3.connect(installed / "var" / "dangqun.db")) as database:
        query = "select count(*) from audit where deed = 'export.save' and actor_id is null and seal <> ''"
        assert database.execute(query).fetchone() == (2,)


def test_the_doctor_names_each_remedy(home: Path) -> None:
    code, said = dangqun("doctor")
    assert code == 1
    assert "dangqun init" in said
    dangqun("init")
    code, said = dangqun("doctor")
    assert code == 0, said
    assert "数据库" in said
    assert "待发 0，不确定 0，失败 0；发出后没有回音 without an answer: 共 0 次" in said
    (home / "config.toml").chmod(0o644)
    code, said = dangqun("doctor")
    assert code == 1
    assert "chmod 600" in said


def test_the_doctor_asks_the_messenger(installed: Path) -> None:
    config = installed / "config.toml"
    words = config.read_text(encoding="utf-8")
    words = words.replace(
        "[telegram]\nenabled = false", '[telegram]\nenabled = true\ntoken = "1:x"\napi_base = "http://127.0.0.1:9"'
    )
    config.write_text(words, encoding="utf-8")
    code, said = dangqun("doctor")
    assert code == 1
    assert "连不上" in said
    assert "telegram: 私聊里可以有 in private public, own, membership, request, pulse；群里 in groups public" in said
    assert "telegram 会发送组织身份与诉求内容" in said
    config.write_text(f'{words}\n[privacy]\nprofile = "strict"\n', encoding="utf-8")
    code, said = dangqun("doctor")
    assert "telegram 会发送组织身份与诉求内容" not in said
    assert "in private public, own, pulse；" in said
    elsewhere = words.replace('timezone = "Asia/Shanghai"', 'timezone = "Europe/Berlin"')
    config.write_text(elsewhere, encoding="utf-8")
    assert "telegram 会发送组织身份与诉求内容" not in dangqun("doctor")[1]


def test_a_wrong_configuration_is_a_sentence(installed: Path) -> None:
    config = installed / "config.toml"
    config.write_text(config.read_text(encoding="utf-8") + "\n[telegramm]\n", encoding="utf-8")
    for command in (("run",), ("migrate",), ("invite", "1"), ("export", "members", "--out", "x.csv")):
        code, said = dangqun(*command)
        assert code != 0
        assert "telegramm：不认识的键，是不是 telegram？ · unknown key; did you mean telegram?" in said
        assert "Traceback" not in said


def test_a_database_of_another_version_is_refused_with_the_remedy(home: Path) -> None:
    for command in (("login-link", "A008"), ("export", "members", "--out", "x.csv")):
        code, said = dangqun(*command)
        assert code != 0
        assert "这里没有 config.toml" in said
        assert "make run" in said
        assert "--config" in said
    assert dangqun("doctor")[0] == 1
    assert list(home.iterdir()) == []
    (home / "config.toml").write_text('[database]\nurl = "sqlite:///else.db"\n', encoding="utf-8")
    code, said = dangqun("login-link", "A008")
    assert code != 0
    assert "没有数据库文件 else.db" in said
    assert not (home / "else.db").exists()
    (home / "else.db").touch()
    code, said = dangqun("login-link", "A008")
    assert code != 0
    assert "dangqun migrate" in said
    assert dangqun("migrate")[0] == 0
    assert "已是最新" in dangqun("migrate")[1]


def test_a_database_that_is_not_there_is_a_sentence(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del home
    monkeypatch.setenv("DANGQUN_DATABASE__URL", "postgresql://nobody@127.0.0.1:9/none")
    code, said = dangqun("migrate")
    assert code != 0
    assert "数据库连接不上：服务器没有运行，或端口不对" in said
    assert "The database can't be reached: " in said
    assert "Connection refused" in said
    code, said = dangqun("doctor")
    assert code == 1
    assert "数据库连接不上：服务器没有运行，或端口不对" in said
    assert "psycopg" not in said


def test_a_taken_port_is_the_next_free_one() -> None:
    first, port = bind("127.0.0.1", 0)
    second, other = bind("127.0.0.1", port)
    assert other != port
    first.close()
    second.close()


def test_help_of_every_command() -> None:
    for command in (
        (),
        ("demo",),
        ("init",),
        ("run",),
        ("migrate",),
        ("doctor",),
        ("import",),
        ("export",),
        ("invite",),
    ):
        code, said = dangqun(*command, "--help")
        assert code == 0
        assert "·" in said


def test_names_that_look_like_markup_are_names(installed: Path) -> None:
    (installed / "r.csv").write_text("工号,姓名\nx[/],张三[/b]\n", encoding="utf-8")
    code, said = dangqun("import", "roster", "r.csv")
    assert code == 0, said
    assert "张三[/b]" in said
    assert dangqun("invite", "x[/]")[0] == 0
    assert dangqun("invite", "y[/]")[0] == 1


def test_a_key_without_its_section_is_named(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del installed
    monkeypatch.setenv("DANGQUN_TELEGRAM_TOKEN", "1:x")
    code, said = dangqun("doctor")
    assert code == 1
    assert "DANGQUN_TELEGRAM__TOKEN" in said


def test_an_unknown_kind_of_database_is_a_sentence(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del installed
    for url in ("mysql://u:geheim@x", "nonsense", "oracle+x://u:geheim@h", "postgresql://u:geheim@h:port/d"):
        monkeypatch.setenv("DANGQUN_DATABASE__URL", url)
        for command in ("migrate", "doctor"):
            code, said = dangqun(command)
            assert code in {1, 2}, url
            assert "不是可用的地址：要写成 sqlite:///路径，或 postgresql://" in said
            assert "geheim" not in said
            assert "MySQLdb" not in said


def test_a_file_that_can_be_no_database_is_a_sentence(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (installed / "x.db").write_bytes(b"no database at all, but long enough to be looked at" * 30)
    for url, zh in (
        ("sqlite:////proc/nowhere/x.db", "打不开 [database] url 里的文件：没有这个文件或文件夹"),
        ("sqlite:///x.db", "这个文件不是 SQLite 数据库，或者损坏了"),
        ("sqlite:///var", "打不开文件：检查路径和权限"),
    ):
        monkeypatch.setenv("DANGQUN_DATABASE__URL", url)
        for command in ("migrate", "doctor"):
            code, said = dangqun(command)
            assert code in {1, 2}
            assert zh in said


def test_the_password_of_an_address_is_never_shown() -> None:
    url = "postgresql://u:ge%40heim@h/d"
    error = OperationalError("", {}, Exception('connection to "u:ge@heim" or ge%40heim failed: no route\nmore'))
    zh, en = of_database(error, url)
    assert zh.startswith("数据库连接不上：")
    assert "heim" not in zh + en
    assert "more" not in en


def test_files_that_cannot_be_read_or_written_are_named_in_both_languages(installed: Path) -> None:
    (installed / "bad.zip").write_bytes(b"x")
    for words, zh in (
        (("import", "roster", "nofile.xlsx"), "读不了 nofile.xlsx：没有这个文件或文件夹"),
        (("import", "roster", "var"), "读不了 var：这是文件夹，不是文件"),
        (("export", "members", "--out", "nowhere/a.csv"), "写不了 nowhere/a.csv：没有这个文件或文件夹"),
        (("init", "--config", "nowhere/a.toml"), "写不了 nowhere/a.toml：没有这个文件或文件夹"),
        (("backup", "nowhere/a.zip"), "写不了 nowhere/a.zip：没有这个文件或文件夹"),
        (("verify", "nofile.zip"), "读不了 nofile.zip：没有这个文件或文件夹"),
        (("verify", "bad.zip"), "bad.zip 不是本程序的备份，或者没有传完整。"),
        (("restore", "bad.zip"), "bad.zip 不是本程序的备份，或者没有传完整。没有改动数据库。"),
        (("transfer", "mysql://u:geheim@h"), "不是可用的地址"),
    ):
        code, said = dangqun(*words)
        assert code == 2, (words, said)
        assert zh in said
        assert "Errno" not in said
        assert "geheim" not in said


def test_a_backup_is_verified_with_a_time_that_people_read(installed: Path) -> None:
    assert dangqun("backup", "a.zip")[0] == 0
    code, said = dangqun("verify", "a.zip")
    assert code == 0
    assert re.search(r"完好：江河集团，\d{4}-\d\d-\d\d \d\d:\d\d（\S+）备份，\d+ 行", said)
    with zipfile.ZipFile(installed / "a.zip") as whole, zipfile.ZipFile(installed / "b.zip", "w") as other:
        for name in whole.namelist():
            other.writestr(name, whole.read(name) + (b"{}\n" if name == "member.jsonl" else b""))
    code, said = dangqun("verify", "b.zip")
    assert code == 2
    assert "b.zip 的内容和清单不一致，不能用。不一致的表：member" in said
