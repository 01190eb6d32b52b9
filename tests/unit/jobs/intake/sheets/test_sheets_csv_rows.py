"""CSV files of posts as people's spreadsheets write them (R58)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.input.fields import Findings
from jobs.input.refusals import Invalid
from jobs.intake.sheets.csv_rows import GUARDED, Row, guarded, read_csv, unguarded


def rows(text: str, encoding: str = "utf-8") -> list[Row]:
    findings = Findings()
    read = read_csv(text.encode(encoding), findings)
    assert findings.problems == []
    return read


def refusal(text: str) -> str:
    with pytest.raises(Invalid) as raised:
        read_csv(text.encode(), Findings())
    return str(raised.value)


def problems(text: str) -> dict[str, str]:
    findings = Findings()
    read_csv(text.encode(), findings)
    return {problem.field: problem.problem for problem in findings.problems}


@pytest.mark.parametrize(
    "text",
    [
        "account,file,caption\n@anna,a.mp4,Hi\n",
        "account;file;caption\r\n@anna;a.mp4;Hi\r\n",
        "account\tfile\tcaption\n@anna\ta.mp4\tHi",
        "\ufeffaccount;file;caption\n@anna;a.mp4;Hi\n",
        "sep=;\naccount;file;caption\n@anna;a.mp4;Hi\n",
        '"Account","File","Caption"\n"@anna","a.mp4","Hi"\n',
        "\n\naccount, file, caption\n@anna, a.mp4,Hi\n\n",
    ],
)
def test_comma_semicolon_tab_a_mark_and_quotes_say_the_same(text: str) -> None:
    (row,) = rows(text)
    assert row.body == {
        "script_name": "post",
        "usernames": ["@anna"],
        "script_config": {"material_list": ["a.mp4"], "captions": "Hi"},
    }


def test_utf_16_as_excel_saves_unicode_text_is_read() -> None:
    (row,) = rows("account\tcaption\n@anna\tGrüße 🎉\n", "utf-16")
    assert row.body["script_config"]["captions"] == "Grüße 🎉"


def test_windows_1252_is_read_with_a_warning() -> None:
    findings = Findings()
    (row,) = read_csv("account;caption\n@anna;Grüße\n".encode("cp1252"), findings)
    assert row.body["script_config"]["captions"] == "Grüße"
    assert "Windows-1252" in findings.warnings[0]


@pytest.mark.parametrize(
    "text",
    [
        "Grüße aus Zürich",
        "“Quotes” \u2013 and… more €",
        "cœur français naïf à Noël",
        "Dušan, Žižkov",
        "don\u2019t",
        "ÄÖÜ",
        "ça",
        "¿Qué tal? ¡Olé!",
        "São João, ações",
        "Smørrebrød på Ærø, Åäö",
        "»Über uns« \u2013 „Ökologisch“",
        "m² und m³, ½ Preis, 20 °C, 100€!",
        "• Öl • Äpfel, ©Müller ®",
        "«À bientôt», élève, père, où, à",
        "1ª edición, Mª José, nº 5",
    ],
)
def test_texts_of_western_europe_in_windows_1252_are_read(text: str) -> None:
    findings = Findings()
    (row,) = read_csv(f'account;caption\n@anna;"{text}"\n'.encode("cp1252"), findings)
    assert row.body["script_config"]["captions"] == text
    assert findings.warnings


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("@anna;Grün\n@ben;Äöü ß\n".encode() + b"@carl;Gr\xfcn\n", "line 4 holds text in another encoding"),
        ("@anna;Привет всем\n".encode("cp1251"), 'as Windows-1252 it would hold "Ïðèâåò"'),
        ("@anna;Καλημέρα\n".encode("cp1253"), "as Windows-1252 it would hold"),
        ("@anna;Grün und schön\n".encode("mac_roman"), 'as Windows-1252 it would hold "GrŸn"'),
        ("@anna;木工\n".encode("shift_jis"), "neither UTF-8 nor Windows-1252"),
        ("@anna;こんにちは\n".encode("shift_jis"), "as Windows-1252 it would hold"),
        ("@anna;カフェ\n".encode("shift_jis"), "as Windows-1252 it would hold"),
        ("@anna;你好世界\n".encode("gbk"), 'as Windows-1252 it would hold "ÄãºÃÊÀ½ç"'),
        ("@anna;新品 #sale\n".encode("gbk"), "save the table as CSV (UTF-8)"),
        ("@anna;你好\n".encode("big5"), 'as Windows-1252 it would hold "§A¦n"'),
        ("@anna;안녕하세요\n".encode("euc_kr"), "as Windows-1252 it would hold"),
        ("@anna;สวัสดี\n".encode("cp874"), "as Windows-1252 it would hold"),
        ("@anna;Teşekkürler\n".encode("cp1254"), 'as Windows-1252 it would hold "Teþekkürler"'),
        ("@anna;Miłego dnia\n".encode("cp1250"), 'as Windows-1252 it would hold "Mi³ego"'),
        ("@anna;Jó reggelt, őszi vásár ünnep\n".encode("cp1250"), "as Windows-1252 it would hold"),
        ("@anna;Čokolada i šećer\n".encode("cp1250"), "as Windows-1252 it would hold"),
        ("@anna;Café\n".encode("mac_roman"), 'as Windows-1252 it would hold "CafŽ"'),
        ("@anna;Café\n".encode("cp850"), 'as Windows-1252 it would hold "Caf\u201a"'),
        ("@anna;я и ты\n".encode("cp1251"), "as Windows-1252 it would hold"),
    ],
)
def test_a_table_whose_letters_would_become_others_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(Invalid, match=re.escape(said)):
        read_csv(b"account;caption\n" + data, Findings())


def test_utf_16_without_its_mark_is_told_from_what_is_no_text() -> None:
    with pytest.raises(Invalid, match="UTF-16 text without its mark"):
        read_csv("account;caption\n@anna;Hi\n".encode("utf-16-le"), Findings())
    with pytest.raises(Invalid, match="this is UTF-32 text"):
        read_csv("account;caption\n@anna;Hi\n".encode("utf-32"), Findings())
    with pytest.raises(Invalid, match="this is a workbook"):
        read_csv(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), Findings())
    with pytest.raises(Invalid, match="this is not text"):
        read_csv(b"\0\0" + b"abcdefgh" * 50, Findings())


@pytest.mark.parametrize("cell", ["0.25", "0.50", "0.75"])
def test_a_part_of_a_day_is_no_time_shortly_after_midnight(cell: str) -> None:
    findings = Findings()
    read_csv(f"account;start_time\n@anna;{cell}\n".encode(), findings)
    (problem,) = findings.problems
    assert (problem.field, "own number of a time" in problem.problem) == ("row 2, start_time", True)
    assert rows("account;start_time\n@anna;0:25\n")[0].body["start_time"] == "00:25"


def test_a_caption_may_hold_separators_quotes_and_line_breaks() -> None:
    (row,) = rows('account,caption\n@anna,"Hi, ""you""\nsecond line; end"\n')
    assert row.body["script_config"]["captions"] == 'Hi, "you"\nsecond line; end'


def test_rows_are_numbered_as_a_spreadsheet_numbers_them() -> None:
    read = rows('account,caption\n@anna,"two\nlines"\n,\n@ben,Hi\n')
    assert [row.label for row in read] == ["row 2", "row 4"]


def test_any_key_of_script_config_is_a_column_and_several_values_stand_between_bars() -> None:
    (row,) = rows(
        "account,file,content_type,image_count,ai_label,post_way\n@anna|@ben,a.jpg | b.jpg,1,2,WAHR,addButton\n"
    )
    assert row.body["usernames"] == ["@anna", "@ben"]
    assert row.body["script_config"] == {
        "material_list": ["a.jpg", "b.jpg"],
        "content_type": "1",
        "image_count": "2",
        "ai_label": True,
        "post_way": "addButton",
    }


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        ("2027-01-31 18:30", "2027-01-31 18:30"),
        ("2027-01-31 18:30:00", "2027-01-31 18:30"),
        ("2027/1/31 6:30 PM", "2027-01-31 18:30"),
        ("31.01.2027 18:30", "2027-01-31 18:30"),
        ("31.1.27, 18:30:00", "2027-01-31 18:30"),
        ("1/31/2027 6:30:00 PM", "2027-01-31 18:30"),
        ("31/01/2027 18:30", "2027-01-31 18:30"),
        ("1/31/27 12:05 AM", "2027-01-31 00:05"),
        ("18:30", "18:30"),
        ("6:30 pm", "18:30"),
        ("18:30:00", "18:30"),
        ("18:30:99", "18:30:99"),
        ("18:30 PM", "18:30"),
        ("12:30 pm", "12:30"),
        ("12:30 am", "00:30"),
        # JavaScript since 2023 and macOS put a narrow blank before PM, older Windows marks of direction around the parts.
        ("1/31/2027, 6:30:00\u202fPM", "2027-01-31 18:30"),
        ("31.01.2027\u00a018:30", "2027-01-31 18:30"),
        ("\u200e31\u200e/\u200e01\u200e/\u200e2027\u200e \u200e18\u200e:\u200e30", "2027-01-31 18:30"),
        ("2027-01-31T18:30:00+01:00", "2027-01-31T18:30:00+01:00"),
        ("tomorrow", "tomorrow"),
    ],
)
def test_times_of_english_and_german_spreadsheets_become_ours(cell: str, wanted: str) -> None:
    (row,) = rows(f'account;start_time\n@anna;"{cell}"\n')
    assert row.body["start_time"] == wanted


@pytest.mark.parametrize("cell", ["13:30 AM", "25:30 PM", "31.01.2027 18:30 am"])
def test_an_hour_that_is_not_before_noon_is_a_problem_and_no_other_hour(cell: str) -> None:
    found = problems(f"account;start_time\n@anna;{cell}\n")
    assert found == {"row 2, start_time": f'"{cell}" is no time of day; write 18:30 or 6:30 PM'}


@pytest.mark.parametrize("head", ["", "sep=;\r"])
def test_lines_may_end_as_excel_for_the_mac_ends_them(head: str) -> None:
    text = f'{head}account;file;caption\r@anna;a.mp4;"one, two, three, four"\r@ben;b.mp4;Hi\r'
    assert [row.body["script_config"]["captions"] for row in rows(text)] == ["one, two, three, four", "Hi"]


def test_which_number_is_the_day_is_judged_by_the_whole_column() -> None:
    day_first = rows("account,start_time\n@a,3/4/2027 10:00\n@a,13/4/2027 10:00\n")
    assert day_first[0].body["start_time"] == "2027-04-03 10:00"
    month_first = rows("account,start_time\n@a,3/4/2027 10:00\n@a,3/14/2027 10:00\n")
    assert month_first[0].body["start_time"] == "2027-03-04 10:00"


def test_a_date_that_may_be_two_days_is_a_problem_of_its_row() -> None:
    found = problems("account,start_time\n@a,3/4/2027 10:00\n@a,5/5/2027 10:00\n")
    assert list(found) == ["row 2, start_time"]
    assert "2027-01-31" in found["row 2, start_time"]


def test_an_unknown_column_names_the_one_that_was_meant() -> None:
    assert 'did you mean "caption"' in refusal("account,captoin\n@anna,Hi\n")
    assert "known: account" in refusal("account,weather\n@anna,Hi\n")


def test_a_column_that_stands_twice_or_under_two_names_is_refused() -> None:
    assert "stands twice" in refusal("account,caption,Caption\n@anna,Hi,Ho\n")
    assert "stands twice" in refusal("account,usernames\n@anna,@anna\n")


def test_without_an_account_column_the_file_is_refused() -> None:
    assert "account" in refusal("file,caption\na.mp4,Hi\n")
    assert "must name the columns" in refusal("@anna,a.mp4,Hi\n")


def test_a_caption_with_an_unquoted_separator_is_a_problem_and_not_a_cut_caption() -> None:
    found = problems("account,caption\n@anna,Hi, you\n")
    assert "quotes" in found["row 2"]


def test_a_file_that_ends_within_a_row_is_a_problem_and_not_a_post_for_now() -> None:
    cut = "account;file;caption\n@anna;a.mp4;Hi\n@ben;b.mp4"
    assert problems(cut) == {"row 3": "is the end of the file and has 2 of 3 cells: is the file whole?"}
    # Excel leaves the separators of trailing empty cells out after its first rows.
    assert len(rows(f"{cut}\n")) == 2
    assert len(rows(f"{cut};")) == 2


def test_a_time_that_is_missing_in_a_plan_is_a_problem_and_not_a_post_for_now() -> None:
    plan = "account;file;start_time\n@anna;a.mp4;18:30\n@ben;b.mp4;{}\n@carl;c.mp4\n@dora;d.mp4;19:30\n"
    found = problems(plan.format(" "))
    assert list(found) == ["row 3, start_time", "row 4, start_time"]
    assert "means now, but other rows have a time" in found["row 3, start_time"]
    # Where no row has a time all of it is for now.
    assert len(rows("account;file;start_time\n@anna;a.mp4;\n@ben;b.mp4;\n")) == 2


def test_a_file_that_is_missing_in_a_plan_is_a_problem_and_not_any_file_of_the_library() -> None:
    plan = "account,file,materials_tags,material_ids\n@anna,a.mp4,,\n@ben,,,\n@carl,,oak,\n@dora,,,4\n@emil\n"
    found = problems(plan)
    assert list(found) == ["row 3, file", "row 6, file"]
    assert "means any file of the library, but other rows name one" in found["row 3, file"]
    # Where no row names a file all of them come from the library.
    assert len(rows("account,file,caption\n@anna,,Hi\n@ben,,Ho\n")) == 2


def test_what_stands_in_a_column_without_a_name_is_not_left_out_without_a_word() -> None:
    found = problems(
        "account,file,caption,,start_time,\n@anna,a.mp4,Hi,,18:30,\n@ben,b.mp4,Fresh,from Ben,18:40,\n"
    )
    assert list(found) == ["column 4"]
    assert 'row 3 holds "from Ben"' in found["column 4"]


def test_a_quoted_cell_that_is_never_closed_is_called_so() -> None:
    assert "row 2: a quoted cell that begins here is never closed" in refusal(
        'account,caption\n@anna,"Hi\n@b,x\n'
    )


def test_a_cell_that_is_neither_yes_nor_no_is_a_problem() -> None:
    assert list(problems("account,ai_label\n@anna,perhaps\n")) == ["row 2, ai_label"]


def test_what_is_no_csv_says_what_to_save_instead() -> None:
    for data in (b"PK\x03\x04\x14\x00\x06\x00", b"\x89PNG\r\n\x1a\n\0\0\0"):
        with pytest.raises(Invalid, match=r"CSV \(UTF-8\)"):
            read_csv(data, Findings())
    assert "empty" in refusal("")
    assert "row 2" in refusal('account,caption\n@anna,"open\n')


def test_an_apostrophe_before_a_formula_is_no_part_of_the_caption() -> None:
    read = rows("account,caption\n@anna,'=1+1\n@anna,'tis\n")
    assert [row.body["script_config"]["captions"] for row in read] == ["=1+1", "'tis"]


@given(st.text(alphabet="'=+-@a\t", max_size=6))
def test_a_cell_of_an_export_comes_back_as_it_was(cell: str) -> None:
    assert unguarded(guarded(cell)) == cell
    assert not guarded(cell).startswith(GUARDED)
