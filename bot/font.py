"""Makes the font of the pictures: Noto Sans SC, cut down to GBK, Latin and the signs that the pictures use.

    pip install fonttools pylopdf-fonts-zh-cn
    python -m bot.font

Neither package is locked: the font is made once and kept. Its licence lies beside it.
"""

from __future__ import annotations

from importlib import resources

from content import FOLDER

FONT = FOLDER / "font" / "NotoSansSC-GBK.otf"
SIGNS = "①②③④⑤⑥⑦⑧⑨⑩✓✔✗✘●○◐■□▲△▼▽★☆→←↑↓↔…—–·“”‘’«»‹›€¥°×÷±≤≥≠䶮㛃"
GBK_HIGH, GBK_LOW = range(0x81, 0xFF), range(0x40, 0xFF)


def letters() -> set[int]:
    """Return the code points that a picture may need: every letter of GBK, Latin-1, and a few signs."""
    found = set(range(0x20, 0x17F)) | {ord(sign) for sign in SIGNS}
    for high in GBK_HIGH:
        for low in GBK_LOW:
            found |= {ord(letter) for letter in bytes((high, low)).decode("gbk", "ignore")}
    return found


def main() -> None:
    """Write the subset."""
    from fontTools import subset  # noqa: PLC0415 - not installed where the program runs

    options = subset.Options(layout_features=["kern"], hinting=False, desubroutinize=False, notdef_outline=True)
    source = resources.files("pylopdf_fonts_zh_cn") / "NotoSansSC-Regular.otf"
    with resources.as_file(source) as path:
        font = subset.load_font(str(path), options)
        cut = subset.Subsetter(options)
        cut.populate(unicodes=letters())
        cut.subset(font)
        subset.save_font(font, str(FONT), options)


if __name__ == "__main__":
    main()
