"""CloudFormation's intrinsic functions.

An expression is what YAML gives: scalars, lists, mappings; a mapping with the one key
``Ref`` or ``Fn::…`` is a call. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol, final

from aikagi_emulator.template.scalars import as_text
from aikagi_emulator.template.stack import TemplateError

NO_VALUE: Final = object()
"""What ``!Ref AWS::NoValue`` gives: the entry that holds it is left out."""

_VARIABLE: Final = re.compile(r"\$\{([^}]*+)(\}?)")
"""Without its end it is no place. It is taken all the same, and so sought once."""


class Names(Protocol):
    """What the names in an expression stand for; unknown ones raise TemplateError."""

    def reference(self, name: str) -> object: ...
    def attribute(self, logical_id: str, attribute: str) -> object: ...
    def condition(self, name: str) -> bool: ...
    def mapping(self, name: str) -> Mapping[str, Any]: ...


@final
class Intrinsics:
    """Evaluates expressions, asking ``names`` for what they mention."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._functions: Final[Mapping[str, Callable[[Any], object]]] = {
            "Ref": lambda of: names.reference(as_text(of)),
            "Fn::GetAtt": self._get_att,
            "Fn::Sub": self._sub,
            "Fn::Join": self._join,
            "Fn::Split": self._split,
            "Fn::Select": self._select,
            "Fn::If": self._if,
            "Fn::FindInMap": self._find_in_map,
            "Fn::Base64": self._base64,
        }

    def value(self, expression: object) -> object:
        """Resolve an expression; the result may be ``NO_VALUE``."""
        if isinstance(expression, list):
            items = (self.value(item) for item in expression)
            return [item for item in items if item is not NO_VALUE]
        if isinstance(expression, dict):
            return self._mapping(expression)
        if isinstance(expression, str) and "{{resolve:" in expression:
            msg = f"the dynamic reference {expression} is not modelled"
            raise TemplateError(msg)
        return expression

    def truth(self, expression: object) -> bool:
        """Resolve a condition."""
        match expression:
            case {"Condition": str(name), **rest} if not rest:
                return self._names.condition(name)
            case {"Fn::Equals": [one, other], **rest} if not rest:
                return as_text(self.value(one)) == as_text(self.value(other))
            case {"Fn::Not": [one], **rest} if not rest:
                return not self.truth(one)
            case {"Fn::And": [*several], **rest} if not rest:
                return all(self.truth(condition) for condition in several)
            case {"Fn::Or": [*several], **rest} if not rest:
                return any(self.truth(condition) for condition in several)
            case _:
                msg = f"{expression} is not a condition that is modelled"
                raise TemplateError(msg)

    def _mapping(self, expression: dict[str, Any]) -> object:
        calls = [
            key for key in expression if key == "Ref" or str(key).startswith("Fn::")
        ]
        if not calls:
            entries = {key: self.value(inner) for key, inner in expression.items()}
            return {
                key: entry for key, entry in entries.items() if entry is not NO_VALUE
            }
        name = calls[0]
        if len(expression) > 1:
            msg = f"{name} stands beside {', '.join(set(expression) - {name})}"
            raise TemplateError(msg)
        function = self._functions.get(name)
        if function is None:
            msg = f"{name} is not modelled"
            raise TemplateError(msg)
        return function(expression[name])

    def _get_att(self, of: object) -> object:
        match of.split(".", 1) if isinstance(of, str) else of:
            case [str(logical_id), attribute]:
                wanted = as_text(self.value(attribute))
                return self._names.attribute(logical_id, wanted)
            case _:
                raise _wrong("Fn::GetAtt", "a resource and an attribute", of)

    def _sub(self, of: object) -> str:
        match of:
            case str(text):
                own: dict[str, str] = {}
            case [str(text), dict(variables)]:
                own = {key: as_text(self.value(v)) for key, v in variables.items()}
            case _:
                raise _wrong("Fn::Sub", "text, or text and variables", of)

        def fill(variable: re.Match[str]) -> str:
            if not variable[2]:
                return variable[0]
            name = variable[1].strip()
            if name.startswith("!"):
                return f"${{{name[1:]}}}"
            return own[name] if name in own else as_text(self._named(name))

        return str(self.value(_VARIABLE.sub(fill, text)))

    def _named(self, name: str) -> object:
        if "." in name:
            return self._get_att(name)
        return self._names.reference(name)

    def _join(self, of: object) -> str:
        match of:
            case [str(between), expression]:
                return between.join(map(as_text, self._list("Fn::Join", expression)))
            case _:
                raise _wrong("Fn::Join", "a delimiter and a list", of)

    def _split(self, of: object) -> list[str]:
        match of:
            case [str(between), expression] if between:
                return as_text(self.value(expression)).split(between)
            case _:
                raise _wrong("Fn::Split", "a delimiter and text", of)

    def _select(self, of: object) -> object:
        match of:
            case [position, expression]:
                index = as_text(self.value(position))
                items = self._list("Fn::Select", expression)
                if index.isdecimal() and int(index) < len(items):
                    return items[int(index)]
                msg = f"Fn::Select has no item {index} among {len(items)}"
                raise TemplateError(msg)
            case _:
                raise _wrong("Fn::Select", "a position and a list", of)

    def _if(self, of: object) -> object:
        match of:
            case [str(condition), then, otherwise]:
                # Only the branch taken is looked at: the other may name what is absent.
                return self.value(
                    then if self._names.condition(condition) else otherwise
                )
            case _:
                raise _wrong("Fn::If", "a condition and two values", of)

    def _find_in_map(self, of: object) -> object:
        match of:
            case [name, top, second]:
                keys = [as_text(self.value(key)) for key in (name, top, second)]
                try:
                    return self._names.mapping(keys[0])[keys[1]][keys[2]]
                except KeyError as error:
                    msg = f"Fn::FindInMap finds no {error} on the way {keys}"
                    raise TemplateError(msg) from None
            case _:
                raise _wrong("Fn::FindInMap", "a mapping and two keys", of)

    def _base64(self, of: object) -> str:
        return base64.b64encode(as_text(self.value(of)).encode()).decode("ascii")

    def _list(self, function: str, expression: object) -> list[Any]:
        items = self.value(expression)
        if not isinstance(items, list):
            raise _wrong(function, "a list", items)
        return items


def _wrong(function: str, wanted: str, given: object) -> TemplateError:
    return TemplateError(f"{function} wants {wanted}, not {given}")
