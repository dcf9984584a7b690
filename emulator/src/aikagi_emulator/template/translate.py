"""From SAM to CloudFormation, with the translator that AWS itself runs."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from aikagi_emulator.template.stack import TemplateError

if TYPE_CHECKING:
    from boto3 import Session

_SAM: Final = "AWS::Serverless-2016-10-31"
_CODE: Final = {
    "AWS::Lambda::Function": "Code",
    "AWS::Lambda::LayerVersion": "Content",
    "AWS::Serverless::Function": "CodeUri",
    "AWS::Serverless::LayerVersion": "ContentUri",
}
"""Which property of a resource names the folder of its code.

Of CloudFormation's own types too, where it is a text: ``sam build`` and ``aws
cloudformation package`` take a folder there.
"""
_STATE_MACHINE: Final = "AWS::Serverless::StateMachine"
_SERVERLESS: Final = "AWS::Serverless::"
_FUNCTIONS: Final = ("AWS::Lambda::Function", "AWS::Serverless::Function")


@dataclass(frozen=True, slots=True, kw_only=True)
class Translated:
    """A CloudFormation template; folders of functions and layers, and their builds."""

    template: Mapping[str, Any]
    code: Mapping[str, Path]
    builds: Mapping[str, str]


def translate(
    document: Mapping[str, Any],
    *,
    folder: Path,
    parameters: Mapping[str, str | list[str]],
    region: str,
) -> Translated:
    """Translate ``document``, which stands in ``folder``.

    Needs neither network nor account. Raises ``TemplateError`` with the translator's
    own words where it refuses.
    """
    transform = document.get("Transform")
    if transform not in (None, _SAM, [_SAM]):
        msg = f"Transform is {transform}; the emulator models {_SAM}"
        raise TemplateError(msg)
    sam = deepcopy(dict(document))
    if transform is None:
        _refuse_sam(sam)
    _take_state_machines(sam)
    code = {
        logical_id: _take_code(logical_id, resource, sam, folder)
        for logical_id, resource in sam.get("Resources", {}).items()
        if _has_code(resource)
    }
    template = sam if transform is None else _run(sam, parameters, region)
    builds = {name: _build_of(sam["Resources"][name]) for name in code}
    return Translated(template=template, code=code, builds=builds)


def _has_code(resource: Mapping[str, Any]) -> bool:
    type_ = resource["Type"]
    properties = resource.get("Properties", {})
    return type_ in _CODE and (
        type_.startswith(_SERVERLESS) or isinstance(properties.get(_CODE[type_]), str)
    )


def _take_state_machines(sam: Mapping[str, Any]) -> None:
    """Tell the translator that definitions are uploaded: what runs them is not here."""
    for logical_id, resource in sam.get("Resources", {}).items():
        uri = resource.get("Properties", {}).get("DefinitionUri")
        if resource["Type"] == _STATE_MACHINE and isinstance(uri, str):
            resource["Properties"]["DefinitionUri"] = f"s3://local/{logical_id}"


def _refuse_sam(document: Mapping[str, Any]) -> None:
    for logical_id, resource in document.get("Resources", {}).items():
        if resource["Type"].startswith(_SERVERLESS):
            msg = (
                f"{logical_id} is of the type {resource['Type']}, which needs "
                f"Transform: {_SAM}"
            )
            raise TemplateError(msg)


def _build_of(resource: Mapping[str, Any]) -> str:
    """Return what ``Stack.builds`` says of it.

    https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-using-build.html
    """
    metadata = resource.get("Metadata")
    if not isinstance(metadata, Mapping):
        metadata = {}
    if str(metadata.get("SkipBuild")).lower() == "true":
        return ""
    # A layer is built where it asks for it, and a function unless it asks not to be.
    always = resource["Type"] in _FUNCTIONS
    return str(metadata.get("BuildMethod") or ("python" if always else ""))


def _take_code(
    logical_id: str, resource: dict[str, Any], sam: Mapping[str, Any], folder: Path
) -> Path:
    """Note the folder of the code, and tell the translator that it is uploaded."""
    properties = resource.setdefault("Properties", {})
    key = _CODE[resource["Type"]]
    is_sam = resource["Type"].startswith(_SERVERLESS)
    kind = resource["Type"].rpartition("::")[2]
    shared = sam.get("Globals", {}).get(kind, {}) if is_sam else {}
    if properties.get("PackageType", shared.get("PackageType")) == "Image":
        msg = (
            f"{logical_id}: PackageType is Image; the emulator runs code of a folder, "
            "not container images"
        )
        raise TemplateError(msg)
    uri = properties.get(key, shared.get(key))
    if "InlineCode" in properties:
        msg = (
            f"{logical_id} has InlineCode; the emulator runs code from a folder: {key}"
        )
        raise TemplateError(msg)
    if uri is None:
        msg = f"{logical_id} has no {key}, the folder of its code"
        raise TemplateError(msg)
    if not isinstance(uri, str) or "://" in uri:
        msg = f"{logical_id}: {_shown(key, uri)}; the emulator runs code from a folder"
        raise TemplateError(msg)
    path = (folder / uri).resolve()
    if not path.is_dir():
        msg = f"{logical_id}: {key} {uri} is not a folder beside the template"
        raise TemplateError(msg)
    if is_sam:
        properties[key] = f"s3://local/{logical_id}"
    return path


def _shown(key: str, value: object) -> str:
    where = f"elsewhere ({', '.join(value)})" if isinstance(value, dict) else value
    return f"{key} is {where}"


def _run(
    sam: dict[str, Any], parameters: Mapping[str, str | list[str]], region: str
) -> Mapping[str, Any]:
    # The translator takes most of a second to import.
    from samtranslator.metrics.metrics import Metrics
    from samtranslator.model.exceptions import InvalidDocumentException
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    session = cast("Session", _Region(region))
    metrics = Metrics()
    translator = Translator({}, Parser(), boto_session=session, metrics=metrics)
    try:
        return translator.translate(sam, parameter_values=dict(parameters))
    except InvalidDocumentException as error:
        causes = "; ".join(cause.message for cause in error.causes)
        msg = f"The SAM translator refuses the template: {causes or error.message}"
        raise TemplateError(msg) from error
    finally:
        # To nowhere; what is left unpublished is complained about at exit.
        metrics.publish()


@dataclass(frozen=True, slots=True)
class _Region:
    """What the translator wants a boto3 session for.

    A real session reads AWS's configuration files and fails on an unknown AWS_PROFILE.
    """

    region_name: str
