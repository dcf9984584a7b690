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
    "AWS::Serverless::Function": "CodeUri",
    "AWS::Serverless::LayerVersion": "ContentUri",
}
"""Which property of a resource names the folder of its code."""


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
    if document.get("Transform") != _SAM:
        msg = f"Transform is {document.get('Transform')}; the emulator models {_SAM}"
        raise TemplateError(msg)
    sam = deepcopy(dict(document))
    code = {
        logical_id: _take_code(logical_id, resource, sam, folder)
        for logical_id, resource in sam.get("Resources", {}).items()
        if resource.get("Type") in _CODE
    }
    builds = {name: _build_of(sam["Resources"][name]) for name in code}
    return Translated(template=_run(sam, parameters, region), code=code, builds=builds)


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
    always = resource["Type"] == "AWS::Serverless::Function"
    return str(metadata.get("BuildMethod") or ("python" if always else ""))


def _take_code(
    logical_id: str, resource: dict[str, Any], sam: Mapping[str, Any], folder: Path
) -> Path:
    """Note the folder of the code, and tell the translator that it is uploaded."""
    properties = resource.setdefault("Properties", {})
    key = _CODE[resource["Type"]]
    shared = sam.get("Globals", {}).get(resource["Type"].rpartition("::")[2], {})
    if properties.get("PackageType", shared.get("PackageType")) == "Image":
        msg = (
            f"{logical_id}: PackageType is Image; the emulator runs code of a folder, "
            "not container images"
        )
        raise TemplateError(msg)
    uri = properties.get(key, shared.get(key))
    if not isinstance(uri, str) or "://" in uri:
        msg = f"{logical_id}: {key} is {uri}; the emulator runs code from a folder"
        raise TemplateError(msg)
    path = (folder / uri).resolve()
    if not path.is_dir():
        msg = f"{logical_id}: {key} {uri} is not a folder beside the template"
        raise TemplateError(msg)
    properties[key] = f"s3://local/{logical_id}"
    return path


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
