"""Configuration: checked whole, unknown keys name the nearest, secrets come from the environment or files."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.config import ConfigError, load


def written(folder: Path, words: str) -> Path:
    path = folder / "config.toml"
    path.write_text(words, encoding="utf-8")
    return path


def test_defaults_are_a_whole_configuration() -> None:
    settings = load(None, {})
    assert settings.organisation.timezone == "Asia/Shanghai"
    assert settings.database.url.get_secret_value() == "sqlite:///var/dangqun.db"
    assert not settings.telegram.enabled
    organisation = settings.as_organisation()
    assert organisation.quiet.start.hour == 21
    assert organisation.points["quiz"].daily_cap == 5


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            "[organization]\nname='x'",
            "organization：不认识的键，是不是 organisation？ · unknown key; did you mean organisation?",
        ),
        ("[web]\nhots='x'", "web.hots：不认识的键，是不是 host？ · unknown key; did you mean host?"),
        ("[telegram]\ntokn='x'", "telegram.tokn：不认识的键，是不是 token？ · unknown key; did you mean token?"),
        ("[points.quiz]\npoint=1\npoints=1\ndaily_cap=1", "points.quiz.point：不认识的键，是不是 points？"),
        (
            "[backup]\nxyzzy=1",
            "backup.xyzzy：不认识的键，这里有：daily、folder、keep · unknown key; known here: daily,",
        ),
        (
            "[organisation]\ntimezone='Asia/Shanhai'",
            "organisation.timezone：没有这个时区，是不是 Asia/Shanghai？（写的是 Asia/Shanhai） · no such",
        ),
        ("[organisation]\nname=''", 'organisation.name：至少 1 个字（写的是 ""） · must not be shorter than 1'),
        ("[organisation]\nname=5", "organisation.name：要写成文字，加引号（写的是 5） · must be text in quotes"),
        (
            "[organisation]\nlanguage='fr'",
            "organisation.language：只能是 'zh' 或 'en'（写的是 fr） · must be 'zh' or 'en'",
        ),
        ("organisation='x'", "organisation：这里是一节，下面才是各项 · is a section"),
        ("[telegram]\nenabled=true", "telegram：启用了却没有令牌：写上 [telegram] token"),
        (
            "[telegram]\nenabled=true\ntoken='1:x'\nmode='webhook'\nwebhook_url='https://x/y'",
            "webhook 方式要有 webhook_secret，至少 32 个",
        ),
        ("[telegram]\nenabled=true\ntoken='1:x'\nmode='webhook'\nwebhook_url='ftp://x'", "以 https:// 开头"),
        ("[telegram]\nmode='pooling'", "telegram.mode：只能是 'polling' 或 'webhook'（写的是 pooling）"),
        ("[telegram]\nenabled='ja'", "telegram.enabled：要写 true 或 false（写的是 ja） · must be true or false"),
        ("[telegram]\nper_second='x'", "telegram.per_second：要写数字（写的是 x） · must be a number"),
        ("[telegram]\nper_second=0", "telegram.per_second：要大于 0.0（写的是 0） · must be more than 0.0"),
        ("[web]\nport=99999", "web.port：不能大于 65535（写的是 99999） · must be at most 65535"),
        ("[web]\nport=-1", "web.port：不能小于 0（写的是 -1） · must be at least 0"),
        ("[web]\nport='x'", "web.port：要写整数（写的是 x） · must be a whole number"),
        ("[web]\nport=1.5", "web.port：要写整数（写的是 1.5）"),
        ("[web]\nembed_origins='x'", "web.embed_origins：要写成列表"),
        ("[points.quiz]\npoints=1", "points.quiz.daily_cap：缺少这一项 · is missing"),
        (
            "[quiet_hours]\nstart='25:00'",
            'quiet_hours.start：要写成时刻，如 "09:10"（写的是 25:00） · must be a time such',
        ),
        ("[schedule]\ntheme_day=31", "schedule.theme_day：不能大于 28（写的是 31）"),
        (
            "[retention]\nupdates_days=3",
            "retention.updates_days：至少 8 天，或写 0 一直保留：这么晚还可能再送来同一条消息（写的是 3） · at least",
        ),
        ("[points]\nsmallest_group=2", "points.smallest_group：不能小于 5（写的是 2）"),
        ("[security]\nkey='short'", "security.key：要写 64 位十六进制，用 openssl rand -hex 32 生成 · must be 64 hex"),
        ("x = ", "config.toml 第 1 行（文件末尾）：值写得不对：文字要加引号 · Invalid value (at end of document)"),
        ("[web]\nport = 1 2", "config.toml 第 2 行第 10 列：一行只能写一项，后面多出了东西 · Expected newline"),
        ("[web]\nport", "config.toml 第 2 行（文件末尾）：键后面缺少等号"),
        ("[web]\nport=1\nport=2", "config.toml 第 3 行（文件末尾）：同一个键写了两次"),
        ("[web]\n[web]", "config.toml 第 2 行第 5 列：同一节写了两次"),
        ("[web\n", "config.toml 第 1 行第 5 列：节名后面缺少 ]"),
        ('x = "a\ny = 1', "config.toml 第 1 行第 7 列：有不允许的字符，或者引号没有配对"),
        ("x = 'a", "config.toml 第 1 行（文件末尾）：引号没有配对"),
    ],
)
def test_a_mistake_is_a_sentence_that_names_the_key(tmp_path: Path, words: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as error:
        load(written(tmp_path, words), {})
    assert sentence in str(error.value)


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        load(written(tmp_path, "[web]\nport=-1\nhots='x'\n[organisation]\nlanguage='fr'"), {})
    assert len(str(error.value).splitlines()) == 3


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, "[organisation]\nname='甲'\n[web]\nport=1")
    settings = load(path, {"DANGQUN_ORGANISATION__NAME": "乙", "DANGQUN_WEB__PORT": "2", "DANGQUN_DEBUG": "1"})
    assert settings.organisation.name == "乙"
    assert settings.web.port == 2


def test_a_mounted_secret(tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("1:abc\n", encoding="utf-8")
    settings = load(None, {"DANGQUN_TELEGRAM__TOKEN_FILE": str(secret), "DANGQUN_TELEGRAM__ENABLED": "true"})
    assert settings.telegram.token.get_secret_value() == "1:abc"
    with pytest.raises(ConfigError, match="它指的文件读不了，没有这个文件或文件夹 · the file can't be read"):
        load(None, {"DANGQUN_TELEGRAM__TOKEN_FILE": str(tmp_path / "nothing")})


@pytest.mark.parametrize(
    "words",
    [
        "[telegram]\ntokn='1:verysecret'",
        "[telegram]\ntoken=['1:verysecret']",
        "telegram='1:verysecret'",
        "[telegram]\nmode='webhook'\nenabled=true\ntoken='1:verysecret'",
        "[security]\nkey='verysecret'",
        "[database]\nurl={a='verysecret'}",
        "database='postgresql://u:verysecret@h/d'",
        "tolken='verysecret",
        "[security]\nkey=verysecret",
    ],
)
def test_no_mistake_shows_a_secret(tmp_path: Path, words: str) -> None:
    with pytest.raises(ConfigError) as error:
        load(written(tmp_path, words), {})
    assert "verysecret" not in str(error.value)


def test_a_file_that_is_no_text_and_one_that_is_a_folder(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes("name = '江河'".encode("gb18030"))
    with pytest.raises(ConfigError, match="不是 UTF-8 编码的文本"):
        load(path, {})
    with pytest.raises(ConfigError, match="这是文件夹，不是文件"):
        load(tmp_path, {})


def test_a_list_in_the_environment(tmp_path: Path) -> None:
    del tmp_path
    assert load(None, {"DANGQUN_WEB__EMBED_ORIGINS": '["https://a"]'}).web.embed_origins == ["https://a"]
    with pytest.raises(ConfigError, match="DANGQUN_WEB__EMBED_ORIGINS：列表要写成"):
        load(None, {"DANGQUN_WEB__EMBED_ORIGINS": "[https://a]"})


def test_no_secret_is_printed(tmp_path: Path) -> None:
    words = "[telegram]\ntoken='1:verysecret'\nenabled=true\n[database]\nurl='postgresql://u:verysecret@h/d'"
    assert "verysecret" not in repr(load(written(tmp_path, words), {}))


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match="没有这个文件，dangqun init 可以生成"):
        load(Path("/nowhere/config.toml"), {})


def test_ceilings_by_profile_and_by_a_messengers_own_key(tmp_path: Path) -> None:
    def private(words: str, messenger: str = "telegram") -> str:
        ceiling = load(written(tmp_path, words), {}).ceiling_of(messenger)
        assert [one.name for one in ceiling.group] == ["PUBLIC"]
        return " ".join(one.name.lower() for one in sorted(ceiling.private))

    strict = "[privacy]\nprofile = 'strict'\n"
    assert private("") == private("", "wecom") == private(strict, "feishu") == "public own membership request pulse"
    assert private(strict) == "public own pulse"
    assert private(strict, "web").endswith("hardship")
    assert private(strict + "[telegram.ceiling]\nprivate = ['public', 'request']") == "public request"
    for odd, sentence in (
        ("private = ['secret']", "哪里都不发"),
        ("private = ['sekret']", "没有“sekret”这一级"),
        ("group = ['own']", "群里只能写 public"),
        ("most = ['own']", "most"),
    ):
        with pytest.raises(ConfigError, match=sentence):
            load(written(tmp_path, f"[telegram.ceiling]\n{odd}"), {})


def test_whoever_allows_it_is_bound_by_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.config.NAMES", ("web", "telegram", "wecom", "dingtalk"))
    settings = load(None, {"DANGQUN_WECOM__BIND_BY_DIRECTORY": "true"})
    assert settings.as_organisation().by_directory == ()
    on = settings.model_copy(update={"wecom": settings.wecom.model_copy(update={"enabled": True})})
    assert on.as_organisation().by_directory == ("wecom",)
