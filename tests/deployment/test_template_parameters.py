"""Values are checked by the template's own rules, as the emulator checks them."""

import random
from pathlib import Path
from typing import Final

import pytest

from aikagi_emulator.template import TemplateError
from aikagi_emulator.template.document import read
from aikagi_emulator.template.parameters import values
from deployment.commands import parse_parameters
from deployment.domain_rules import check_domain
from deployment.errors import UsageError
from deployment.template_parameters import (
    TemplateParameter,
    check_values,
    read_parameters,
)
from tests.stack import ROOT

PARAMETERS: Final = read_parameters(ROOT / "template.yaml")
CERTIFICATE: Final = "arn:aws:acm:eu-west-1:123456789012:certificate/1"
ALPHABET: Final = "0019aZ-.:/,*_ https"


def candidates(parameter: TemplateParameter) -> list[str]:
    """Give values of which some are allowed and some are not."""
    drawn = random.Random(parameter.name)  # noqa: S311 - the same every time
    default = parameter.default or ""
    found = [default, "", "0", "1", "900", "-1", "true", "nan", "1e3", " ", "x" * 300]
    found += ["https://a.example", "https://a.example,http://b:80", "192.0.2.0/24,::1"]
    found += [CERTIFICATE, "broker.example.com", "Z012", *parameter.allowed]
    for _ in range(100):
        letters = "".join(drawn.choices(ALPHABET, k=drawn.randint(1, 8)))
        place = drawn.randint(0, len(default))
        found.append(default[:place] + letters + default[place:])
    return found


def is_taken_here(parameter: TemplateParameter, value: str) -> bool:
    try:
        parameter.check(value)
    except UsageError:
        return False
    return True


def is_taken_by_the_emulator(declared: dict[str, object], value: str) -> bool:
    try:
        values({"P": declared}, {"P": value})
    except TemplateError:
        return False
    return True


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_parameter_takes_what_the_emulator_takes_and_nothing_else(name: str):
    declared = read(ROOT / "template.yaml")["Parameters"][name]
    tried = candidates(PARAMETERS[name])

    here = {value for value in tried if is_taken_here(PARAMETERS[name], value)}
    there = {value for value in tried if is_taken_by_the_emulator(declared, value)}
    assert here == there
    assert PARAMETERS[name].default in here


@pytest.mark.parametrize(
    ("rules", "value", "sentence"),
    [
        pytest.param(
            {"AllowedPattern": "[a-z]+", "ConstraintDescription": "a word"},
            "No",
            "P cannot be 'No': it is a word.",
            id="the template's own words",
        ),
        pytest.param(
            {"AllowedPattern": "[a-z]+"}, "No", "of the form [a-z]+", id="a pattern"
        ),
        pytest.param({"AllowedValues": [True, 5]}, "6", "one of true, 5", id="values"),
        pytest.param({"Type": "Number"}, "soon", "a Number", id="no number"),
        pytest.param({"Type": "Number", "MinValue": 2}, "1", "2 or more", id="small"),
        pytest.param({"Type": "Number", "MaxValue": 2}, "3", "2 or less", id="large"),
        pytest.param({"MinLength": 2}, "a", "of 2 characters or more", id="short"),
        pytest.param({"MaxLength": 2}, "abc", "of 2 characters or fewer", id="long"),
        pytest.param(
            {"Type": "CommaDelimitedList", "AllowedPattern": "[a-z]"},
            "a, B",
            "cannot be 'B'",
            id="one item of a list",
        ),
        pytest.param(
            {"AllowedPattern": "[a-z]+", "NoEcho": True},
            "S3",
            "cannot be that",
            id="mute",
        ),
    ],
)
def test_a_value_that_is_not_allowed_is_told_what_is(
    rules: dict[str, object], value: str, sentence: str
):
    parameter = TemplateParameter(name="P", rules={"Type": "String", **rules})

    with pytest.raises(UsageError) as refused:
        parameter.check(value)

    assert sentence in str(refused.value)
    assert "S3" not in str(refused.value)


def test_an_unknown_parameter_is_told_with_the_one_that_was_meant():
    with pytest.raises(UsageError) as refused:
        check_values(PARAMETERS, {"loglevel": "DEBUG"}, "PARAMETERS")

    assert str(refused.value) == (
        "PARAMETERS: the template has no parameter loglevel. Is it LogLevel?"
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Docs", "write PARAMETERS='Name=value"),
        ("=true", "write PARAMETERS='Name=value"),
        ("Docs=true Docs=false", "has Docs twice"),
        ("Docs='true", "No closing quotation"),
    ],
)
def test_words_that_are_no_parameters_are_refused(text: str, sentence: str):
    with pytest.raises(UsageError, match=sentence):
        parse_parameters(text)


def test_words_are_parameters_as_a_shell_reads_them():
    assert parse_parameters("A=1 B='x y' C= D=e=f") == {
        "A": "1",
        "B": "x y",
        "C": "",
        "D": "e=f",
    }


def test_what_is_no_template_is_refused(tmp_path: Path):
    for text in ("[", "- a", "Parameters: [a]", "\x00"):
        (tmp_path / "template.yaml").write_text(text)
        with pytest.raises(UsageError, match="cannot be read as a template"):
            read_parameters(tmp_path / "template.yaml")
    with pytest.raises(UsageError, match="cannot be read as a template"):
        read_parameters(tmp_path / "gone.yaml")


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"DomainName": "a.example.com", "CertificateArn": CERTIFICATE},
        {
            "DomainName": "a.example.com",
            "CertificateArn": CERTIFICATE,
            "HostedZoneId": "Z1",
            "DisableExecuteApiEndpoint": "true",
        },
        {"DisableExecuteApiEndpoint": "false"},
    ],
)
def test_a_domain_with_all_that_it_needs_is_taken(given: dict[str, str]):
    check_domain(given, region="eu-west-1")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"DomainName": "a.example.com"}, "DomainName needs CertificateArn"),
        ({"CertificateArn": CERTIFICATE}, "CertificateArn needs DomainName"),
        ({"HostedZoneId": "Z1"}, "HostedZoneId needs DomainName"),
        ({"DisableExecuteApiEndpoint": "true"}, "Endpoint needs DomainName"),
        (
            {
                "DomainName": "a.example.com",
                "CertificateArn": CERTIFICATE.replace("eu-west-1", "us-east-1"),
            },
            "a certificate in us-east-1, and the stack is in eu-west-1",
        ),
    ],
)
def test_a_domain_that_lacks_something_is_refused(given: dict[str, str], sentence: str):
    with pytest.raises(UsageError, match=sentence):
        check_domain(given, region="eu-west-1")
