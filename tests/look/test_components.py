"""The parts, as markup: what they say, to whom, and what they refuse to let through."""

from typing import Any

import pytest
from django import forms
from django.http import HttpRequest
from django.template import engines
from django.template.loader import render_to_string
from django.test import RequestFactory

from tokens.templatetags.sheet import SheetForm, sheet_context

HOSTILE = "<b>x</b>\"'"


def drawn(source: str, **context: Any) -> str:
    return engines["django"].from_string("{% load ui charts %}" + source).render(context).strip()


@pytest.mark.parametrize("state", ["new", "healthy", "degraded", "failing", "paused", "retired"])
def test_a_status_always_has_glyph_and_word(state: str) -> None:
    badge = drawn("{% status state %}", state=state)
    assert f'data-state="{state}"' in badge
    assert f'href="#g-{state}"' in badge
    assert badge.endswith(f"{state.capitalize()}</span>")


def test_three_lights_stay_three_and_speak() -> None:
    lights = drawn('{% lights "failing" "" "healthy" %}')
    assert lights.count("<li") == 3
    assert [words in lights for words in ("Token failing", "Account none", "Gateway healthy")] == [True] * 3


def test_a_frozen_light_is_not_coloured_as_failing() -> None:
    assert '<li data-state="paused" title="Token: frozen">' in drawn('{% lights "frozen" %}')


def test_a_hint_of_a_key_never_shows_more_than_four_characters() -> None:
    assert drawn('{% key_hint "abcdefgh9f2c" %}') == '<span class="k-key">sk-…9f2c</span>'


@pytest.mark.parametrize(
    "source",
    [
        '{% status "failing" word %}',
        "{% status word %}",
        "{% tag word %}",
        "{% person word %}",
        '{% chip word word remove="#" %}',
        "{% stat word word word %}",
        "{% meter 1 2 word %}",
        "{% field_error word %}",
        "{% copy_button word word %}",
        "{% fold word note=word %}in{% endfold %}",
        '{% diagnosis "failing" word %}in{% enddiagnosis %}',
        "{% menu word %}in{% endmenu %}",
        "{% empty_state word %}in{% endempty_state %}",
        "{% choice word word word %}in{% endchoice %}",
        '{% banner "failing" %}{{ word }}{% endbanner %}',
    ],
)
def test_words_of_people_are_escaped_everywhere(source: str) -> None:
    assert "<b>x</b>" not in drawn(source, word=HOSTILE)


def test_a_field_ties_its_words_to_its_input() -> None:
    form = SheetForm({"name": "x"}, auto_id="f_%s")
    name, purpose = drawn("{% field form.name %}", form=form), drawn("{% field form.purpose %}", form=form)
    assert 'aria-invalid="true"' in name
    assert 'aria-describedby="f_name_error"' in name
    assert 'id="f_name_error"' in name
    assert 'data-state="failing"' in name
    assert 'aria-describedby="f_purpose_helptext"' in purpose
    assert 'id="f_purpose_helptext"' in purpose


def test_a_correction_colours_the_field_but_does_not_make_it_invalid() -> None:
    field = drawn('{% field form.account warning="Did you mean Research?" %}', form=SheetForm(auto_id="f_%s"))
    assert 'data-state="degraded"' in field
    assert "aria-invalid" not in field


def test_attributes_of_the_tag_reach_the_widget() -> None:
    class Address(forms.Form):
        url = forms.CharField()

    field = drawn('{% field form.url spellcheck="false" hx_post="/x" mono=True %}', form=Address())
    assert 'spellcheck="false"' in field
    assert 'hx-post="/x"' in field
    assert 'class="input font-mono"' in field


def test_every_option_of_a_group_has_its_own_label_and_id() -> None:
    group = drawn("{% field form.channel %}", form=SheetForm({"channel": "mail"}, auto_id="f_%s"))
    assert group.count("<label") == 2
    assert 'id="f_channel_0"' in group
    assert group.count("checked") == 1
    assert "<fieldset" in group


def test_places_that_do_not_exist_are_not_shown() -> None:
    assert drawn('{% nav_url "no-such-page" as href %}[{{ href }}]') == "[]"
    assert drawn('{% navitem "no-such-page" "Nowhere" "server" %}') == ""


@pytest.mark.parametrize(("cookie", "attribute"), [("dark", ' data-theme="keyward-dark"'), ("", ""), ('"><x', "")])
def test_the_theme_comes_from_the_cookie_and_nothing_else_does(rf: RequestFactory, cookie: str, attribute: str) -> None:
    request: HttpRequest = rf.get("/")
    request.COOKIES["theme"] = cookie
    assert drawn("{% theme_attribute %}", request=request) == attribute.strip()


def test_a_pager_names_only_the_pages_that_are_there() -> None:
    pager = drawn('{% pager 15 1046 "" "?after=9" %}')
    assert "15 of 1,046 shown" in pager
    assert 'href="?after=9" rel="next"' in pager
    assert 'role="link" aria-disabled="true"' in pager


@pytest.mark.parametrize("name", ["400", "403", "404", "500", "503", "403_csrf"])
def test_error_pages_need_nothing_of_the_request(name: str) -> None:
    page = render_to_string(f"{name}.html")
    assert "<h1>" in page
    assert "keyward.css" in page


def test_the_sheet_shows_without_a_request() -> None:
    assert "k-diag-say" in render_to_string("ui/sheet.html", sheet_context())
