"""Makes the module that UniFFI generates read like Python, and writes its types.

UniFFI writes `Step.SIGNED_IN` with `[0]` where a variant has a field without a name, takes any value for true, and
makes a variant a subclass of its enum only while the module runs, so that no type checker finds it. Here records,
variants and errors become dataclasses whose fields have names and are checked, and each callable names the argument
that it refuses. If the module differs from what an edit expects, the build stops.
"""

from __future__ import annotations

import ast
import inspect
import keyword
import re
from dataclasses import dataclass
from typing import NoReturn

# Edits of the text of a generated module. Signatures show the default.
COMMON = (
    ("\nimport os\n", "\nimport os, dataclasses, selfsame_identity._hooks, selfsame_identity._values\n"),
    ("\n_DEFAULT = object() ", "\n_DEFAULT = ... "),
    ("self._lock = threading.Lock()\n", "selfsame_identity._hooks.new_lock_at_fork(self)\n"),
)
EDITS = {
    "selfsame_ffi": (
        *COMMON,
        (".LoadLibrary(path)", ".LoadLibrary(selfsame_identity._hooks.library(path))"),
        ("\nclass Engine(EngineProtocol):", "\nclass Engine(selfsame_identity._hooks.Context, EngineProtocol):"),
    ),
    "selfsame_testing": COMMON,
}
# Names for fields that have no name in Rust.
FIELDS: dict[str, dict[str, str]] = {
    "selfsame_ffi": {
        "Answer.Assertion": "assertion",
        "Answer.Code": "code",
        "Answer.CorrectAddress": "email",
        "Answer.LinkTo": "place",
        "Answer.NewPassword": "password",
        "Answer.Passkey": "passkey",
        "Answer.Password": "password",
        "Answer.RecoveryCode": "code",
        "Answer.Totp": "code",
        "Assertion.IdToken": "token",
        "Assertion.Stated": "statement",
        "Unlock.HostKey": "key",
        "Unlock.Keystore": "keystore",
        "Unlock.Passphrase": "passphrase",
    },
    "selfsame_testing": {},
}
# Types for which the generated module uses a name from Rust.
INLINED = {"Duration": "datetime.timedelta", "PathBuf": "str | os.PathLike[str]", "Timestamp": "datetime.datetime"}
CONVERTER = "_UniffiFfiConverter"
TEMPORARY = "_UniffiTemp"
VALUES = "selfsame_identity._values"
# The checks in the converters of built-in types.
BUILT_IN = {
    "Boolean": "check_type(value, bool)",
    "Bytes": "check_type(value, bytes)",
    "Duration": "check_span(value)",
    "String": "check_text(value, {error}.InvalidUnicode)",
}
# The errors of the engine, as each module calls them.
ERRORS = {"selfsame_ffi": "SelfsameError", "selfsame_testing": "selfsame_identity._native.selfsame_ffi.SelfsameError"}
PYTHONS = {"Boolean": "bool", "Bytes": "bytes", "Duration": "Duration", "String": "str"}
INTEGER = re.compile(r"U?Int\d+$")
# The kinds of classes that are rewritten.
FORMS = ("record", "variants", "error")


@dataclass
class Field:
    """A field of a record, a variant or an error."""

    name: str
    converter: str
    default: str | None = None

    @property
    def type(self) -> str:
        return type_of_converter(self.converter)

    @property
    def is_id(self) -> bool:
        return self.converter.endswith("Id")


@dataclass
class Variant:
    """A variant. A record has one."""

    name: str
    doc: str
    fields: list[Field]


def finished(source: str, name: str) -> tuple[str, str]:
    """Returns the edited source of a generated module, and the content of its `.pyi`."""
    module = Module(ast.parse(replaced(source, EDITS[name], name)), name)
    tree = module.edited()
    return f"{ast.unparse(tree)}\n", types_of(tree)


def fail(problem: str) -> NoReturn:
    """Stops the build."""
    raise ValueError(f"{problem}: the edits do not fit the module")


def replaced(text: str, edits: tuple[tuple[str, str], ...], name: str) -> str:
    """Returns the text with each edit made in its one place."""
    for old, new in edits:
        if text.count(old) != 1:
            fail(f"{name} has {old!r} {text.count(old)} times")
        text = text.replace(old, new)
    return text


def camel(name: str) -> str:
    """Returns `SignedIn` for `SIGNED_IN`."""
    name = "".join(word.capitalize() for word in name.split("_"))
    if keyword.iskeyword(name):
        fail(f"a variant has the name {name}")
    return name


def type_of_converter(converter: str) -> str:
    """Returns the type that a converter converts."""
    package, _, name = converter.rpartition(".")
    name = name.removeprefix(CONVERTER)
    if INTEGER.match(name):
        return "int"
    if name in PYTHONS:
        return PYTHONS[name]
    prefix = f"{package}." if package else ""
    for start, form in (("Optional", "{} | None"), ("Sequence", "list[{}]"), ("Type", "")):
        if name.startswith(start):
            rest = name.removeprefix(start)
            return form.format(type_of_converter(f"{prefix}{CONVERTER}{rest}")) if form else prefix + rest
    fail(f"no type for {converter}")


def doc_of(node: ast.ClassDef | ast.FunctionDef) -> str:
    return inspect.cleandoc(ast.get_docstring(node) or "")


def methods_of(node: ast.ClassDef) -> dict[str, ast.FunctionDef]:
    return {member.name: member for member in node.body if isinstance(member, ast.FunctionDef)}


def classes_in(node: ast.ClassDef) -> list[ast.ClassDef]:
    return [member for member in node.body if isinstance(member, ast.ClassDef)]


def is_public(name: str) -> bool:
    """Whether a name is public."""
    return not name.startswith("_")


class Module:
    """A generated module and its declarations."""

    def __init__(self, tree: ast.Module, name: str) -> None:
        self.body, self.name = tree.body, name
        self.classes: dict[str, ast.ClassDef] = {}
        # UniFFI declares an error twice; the second class has the variants.
        self.classes.update((node.name, node) for node in tree.body if isinstance(node, ast.ClassDef))
        self.aliases = {
            node.targets[0].id: node.value
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        }
        self.errors = {name.removeprefix(TEMPORARY) for name in self.aliases if name.startswith(TEMPORARY)}
        self.kinds = {name: self.kind_of(node) for name, node in self.classes.items()}
        if any(isinstance(node, ast.AsyncFunctionDef) for node in ast.walk(tree)):
            fail(f"{name} has a coroutine")
        self.unnamed: set[str] = set()
        self.joined: list[str] = []
        self.forms = {name: self.form_of(name) for name, kind in self.kinds.items() if kind in FORMS}
        if self.unnamed != set(FIELDS[self.name]):
            fail(f"the fields of {sorted(self.unnamed)} have no name, but FIELDS lists {sorted(FIELDS[self.name])}")

    def kind_of(self, node: ast.ClassDef) -> str:
        """Returns the kind of a class."""
        bases = [ast.unparse(base) for base in node.bases]
        decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
        has_handle = any(ast.unparse(each).startswith("_handle:") for each in node.body)
        if node.name.startswith(CONVERTER):
            return "converter"
        if not is_public(node.name) or node.name == "InternalError":
            return "internal"
        if "typing.Protocol" in bases:
            return "protocol"
        if "enum.Enum" in bases:
            return "enum"
        if node.name in self.errors:
            return "error"
        if has_handle:
            return "implementation" if f"{bases[0]}Impl" == node.name else "object"
        if decorators == ["dataclass"]:
            return "record"
        if bases:
            fail(f"class {node.name}({', '.join(bases)})")
        return "variants" if classes_in(node) else "interface"

    def form_of(self, name: str) -> list[Variant]:
        """Returns the variants of a type."""
        node, read = self.classes[name], methods_of(self.classes[f"{CONVERTER}Type{name}"])["read"]
        made = {
            ast.unparse(call.func).rpartition(".")[2]: [*call.args, *(each.value for each in call.keywords)]
            for call in ast.walk(read)
            if isinstance(call, ast.Call) and ast.unparse(call.func).split(".")[0] == name
        }
        forms = [node] if self.kinds[name] == "record" else classes_in(node)
        own = {"__init__", "__repr__", "__str__", "__eq__", "__getitem__"}
        for each in {node.name: node, **{form.name: form for form in forms}}.values():
            more = {method for method in methods_of(each) if not method.startswith("is_")} - own
            if more and self.kinds[name] != "error":
                fail(f"{each.name} has the methods {sorted(more)}")
        if list(made) != [form.name for form in forms]:
            fail(f"the variants of {name} are read as {list(made)}")
        return [self.variant_of(name, form, [converter_of(each) for each in made[form.name]]) for form in forms]

    def variant_of(self, of: str, node: ast.ClassDef, converters: list[str]) -> Variant:
        name = camel(node.name) if self.kinds[of] == "variants" else node.name
        init = methods_of(node).get("__init__")
        given = init.args.args[1:] + init.args.kwonlyargs if init else []
        names = [keyworded(arg.arg) for arg in given]
        if init and init.args.vararg:
            self.unnamed.add(f"{of}.{name}")
            names = [FIELDS[self.name].get(f"{of}.{name}", "")]
        if self.kinds[of] == "error" and not init:
            # Only the text of this error crosses.
            names = ["message"] * len(converters)
        if len(names) != len(converters):
            fail(f"{of}.{name} has {len(names)} names for {len(converters)} fields")
        fields = [Field(*each) for each in zip(names, converters)]
        if init:
            self.defaults(fields, init)
        return Variant(name, "\n\n".join(filter(None, [doc_of(node), self.docs_of(fields, init)])), fields)

    def defaults(self, fields: list[Field], init: ast.FunctionDef) -> None:
        """Sets the defaults of fields. A default that each record needs a new copy of becomes a factory."""
        anew = {ast.unparse(each.test): each.body[0] for each in ast.walk(init) if isinstance(each, ast.If)}
        for field, default in zip(fields, init.args.kw_defaults):
            if default is not None:
                field.default = ast.unparse(default)
                if field.default == "_DEFAULT":
                    each = anew[f"{field.name} is _DEFAULT"]
                    assert isinstance(each, ast.Assign)
                    field.default = f"dataclasses.field(default_factory=lambda: {ast.unparse(each.value)})"

    def docs_of(self, fields: list[Field], init: ast.FunctionDef | None) -> str:
        """Returns the documentation of the fields, which UniFFI writes after each assignment."""
        told: list[str] = []
        for member in init.body if init else []:
            match member:
                case ast.Assign(targets=[ast.Attribute(attr=name)]):
                    field = keyworded(name)
                case ast.Expr(value=ast.Constant(value=str(text))):
                    told.append(f"{field}: {' '.join(text.split())}")
        return "\n".join(told)

    def edited(self) -> ast.Module:
        """Returns the module with all edits made."""
        replace_check(self.classes["_UniffiConverterPrimitiveInt"], "check_number(value, cls.VALUE_MIN, cls.VALUE_MAX)")
        body: list[ast.stmt] = []
        dropped = False
        for node in self.body:
            # The documentation of a dropped name follows it.
            if dropped and isinstance(node, ast.Expr):
                continue
            new = self.edit(node)
            dropped = new == []
            body += new
        written = [f"{name}.{form.name}" for name in self.forms for form in classes_in(self.classes[name])]
        if self.joined != [each for each in written if self.kinds[each.partition(".")[0]] == "variants"]:
            fail(f"{self.name} joins {self.joined} to their types")
        names = [node.name for node in body if isinstance(node, (ast.ClassDef, ast.FunctionDef))]
        names += [name for name in self.aliases if name not in INLINED and not self.is_record(self.aliases[name])]
        body += [ast.parse(bound).body[0] for bound in self.bindings()]
        renamer = Renamer(self)
        exported = sorted({renamer.names.get(name, name) for name in names if is_public(renamer.names.get(name, name))})
        body += ast.parse(f"__all__ = {exported}").body
        tree = renamer.visit(ast.Module(body, []))
        assert isinstance(tree, ast.Module)
        return ast.fix_missing_locations(tree)

    def edit(self, node: ast.stmt) -> list[ast.stmt]:
        match node:
            case ast.ClassDef():
                return self.edit_class(node)
            case ast.FunctionDef(name=name) if is_public(name):
                name_arguments(node)
            case ast.Delete():
                return []
            case ast.Assign(targets=[ast.Attribute(value=ast.Name(id=name), attr=variant)]) if name in self.forms:
                self.joined.append(f"{name}.{variant}")
                return []
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                gone = name in INLINED or name in self.errors or name.startswith(TEMPORARY) or name == "__all__"
                return [] if gone or self.is_record(value) else [node]
        return [node]

    def edit_class(self, node: ast.ClassDef) -> list[ast.stmt]:
        kind = self.kinds[node.name]
        if node is not self.classes[node.name] or kind == "protocol":
            return []
        if kind == "converter":
            return self.edit_converter(node)
        if kind in FORMS:
            return self.declared(node.name)
        if kind in ("object", "implementation"):
            edit_handle(node)
        if kind == "object":
            self.edit_object(node)
        if node.name.startswith("_UniffiTraitImpl"):
            check_returns(node)
        return [node]

    def declared(self, name: str) -> list[ast.stmt]:
        """Returns the classes of a record, an enum or an error."""
        node, forms, kind = self.classes[name], self.forms[name], self.kinds[name]
        if kind == "record":
            decorators = ["@dataclass(kw_only=True, repr=False)"]
            return ast.parse(class_source(name, f"{VALUES}.Fields", forms[0], decorators)).body
        base, form = ("Error", "repr=False, eq=False") if kind == "error" else ("Variants", "repr=False")
        [top] = ast.parse(class_source(name, f"{VALUES}.{base}", Variant(name, doc_of(node), []), [])).body
        assert isinstance(top, ast.ClassDef)
        if kind == "error":
            top.body += self.shared_methods(name)
        body: list[ast.stmt] = [top]
        for variant in forms:
            decorators = [f"@{VALUES}.variant({name}, {variant.name!r})", f"@dataclass({form})"]
            body += ast.parse(class_source(f"_{name}{variant.name}", name, variant, decorators)).body
        return body

    def shared_methods(self, name: str) -> list[ast.stmt]:
        """Returns the methods that UniFFI repeats in each variant of an error."""
        own = ("__init__", "__repr__")
        written = [
            [member for member in methods_of(form).values() if member.name not in own]
            for form in classes_in(self.classes[name])
        ]
        if len({"".join(map(ast.dump, methods)) for methods in written}) != 1:
            fail(f"the methods of the variants of {name} differ")
        return list(written[0])

    def bindings(self) -> list[str]:
        """Returns the statements that tell each class how to check its fields."""
        return [
            f"{VALUES}.bind({self.path(name, form)}, {{{ids}}}, {kinds})".replace("{}", "set()")
            for name, forms in self.forms.items()
            for form in forms
            if form.fields
            for ids in [", ".join(repr(field.name) for field in form.fields if field.is_id)]
            for kinds in [", ".join(f"{field.name}={field.converter}" for field in form.fields)]
        ]

    def path(self, name: str, form: Variant) -> str:
        return name if self.kinds[name] == "record" else f"{name}.{form.name}"

    def edit_converter(self, node: ast.ClassDef) -> list[ast.stmt]:
        of = node.name.removeprefix(CONVERTER)
        name = of.removeprefix("Type")
        if name in self.forms:
            return self.converter_of_forms(node.name, name)
        if of in BUILT_IN:
            replace_check(node, BUILT_IN[of].format(error=ERRORS[self.name]))
            if of == "Duration":
                read = methods_of(node)["read"]
                read.body = ast.parse(f"return {VALUES}.span_of(buf.read_u64(), buf.read_u32())").body
        elif of.startswith("Sequence"):
            [inner] = [
                ast.unparse(call.func.value)
                for call in ast.walk(methods_of(node)["check_lower"])
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)
            ]
            replace_check(node, f"check_list(value, {inner})")
        elif self.kinds.get(name) in ("enum", "object", "interface"):
            replace_check(node, f"check_type(value, {name})")
        elif not (INTEGER.match(of) or of.startswith("Optional") or name in self.aliases or of == "ByRefBytes"):
            # Integers share one check. An optional and a named type use the check of what they contain.
            fail(f"nothing checks {of}")
        return [node]

    def converter_of_forms(self, converter: str, name: str) -> list[ast.stmt]:
        """Returns the converter of a record, an enum or an error."""
        lines = [f"class {converter}(_UniffiConverterRustBuffer):", " @staticmethod", " def read(buf):"]
        is_record, indent = self.kinds[name] == "record", " " * (2 if self.kinds[name] == "record" else 3)
        writes = [" @staticmethod", " def write(value, buf):"]
        if not is_record:
            lines += ["  variant = buf.read_i32()"]
        for number, form in enumerate(self.forms[name], 1):
            read = ", ".join(f"{field.name}={field.converter}.read(buf)" for field in form.fields)
            path = self.path(name, form)
            if not is_record:
                lines += [f"  if variant == {number}:"]
                writes += [f"  if isinstance(value, {path}):", f"   buf.write_i32({number})"]
            # `Exception` keeps the positional arguments, and shows and pickles them.
            positional = ", ".join(f"{field.converter}.read(buf)" for field in form.fields)
            make = f"{path}({positional})" if self.kinds[name] == "error" else f"{VALUES}.made({path}, {read})"
            lines += [f"{indent}return {make}"]
            writes += [f"{indent}{field.converter}.write(value.{field.name}, buf)" for field in form.fields]
        if not is_record:
            lines += ["  raise InternalError(\"Raw enum value doesn't match any cases\")"]
        lines += [" @staticmethod", " def check_lower(value):", f"  {VALUES}.check_fields(value, {name})"]
        return ast.parse("\n".join([*lines, *writes, "  pass"])).body

    def edit_object(self, node: ast.ClassDef) -> None:
        node.bases = [base for base in node.bases if ast.unparse(base) != f"{node.name}Protocol"]
        for method in methods_of(node).values():
            if method.name == "__init__" and isinstance(method.body[-1], ast.Raise):
                method.body = ast.parse("raise TypeError('it has no constructor; call what returns one')").body
            elif method.name == "__init__" or is_public(method.name):
                name_arguments(method)

    def is_record(self, value: ast.expr) -> bool:
        return isinstance(value, ast.Name) and self.kinds.get(value.id) == "record"


def keyworded(name: str) -> str:
    """Returns `from_` for `_from`, as is usual in Python for a name that is a keyword."""
    bare = name.removeprefix("_")
    return f"{bare}_" if bare != name and keyword.iskeyword(bare) else name


def converter_of(read: ast.expr) -> str:
    """Returns `X` for `X.read(buf)`."""
    match read:
        case ast.Call(func=ast.Attribute(value=converter, attr="read")):
            return ast.unparse(converter)
    fail(f"a field is read by {ast.unparse(read)}")


def class_source(name: str, base: str, form: Variant, decorators: list[str]) -> str:
    fields = [f"    {each.name}: {each.type}" + (f" = {each.default}" if each.default else "") for each in form.fields]
    return "\n".join([*decorators, f"class {name}({base}):", f"    {form.doc!r}", *fields])


def replace_check(node: ast.ClassDef, check: str) -> None:
    """Replaces the check of a converter."""
    methods_of(node)["check_lower"].body = ast.parse(f"{VALUES}.{check}").body


def edit_handle(node: ast.ClassDef) -> None:
    """Lets a class refuse copies, and calls after its object was freed."""
    node.bases.append(ast.parse(f"{VALUES}.Object", mode="eval").body)
    methods = methods_of(node)
    for name, old, new in (
        ("__del__", "getattr(self, '_handle', None)", "vars(self).pop('_handle', None)"),
        ("_uniffi_clone_handle", "self._handle", f"{VALUES}.handle_of(self)"),
    ):
        source = replaced(ast.unparse(methods[name]), ((old, new),), node.name)
        [method] = ast.parse(source).body
        node.body[node.body.index(methods[name])] = method


def check_returns(node: ast.ClassDef) -> None:
    """Adds checks of the values that a host's class returns."""
    for method in methods_of(node).values():
        for inner in method.body:
            match inner:
                case ast.FunctionDef(name="write_return_value", body=[ast.Pass()]):
                    pass
                case ast.FunctionDef(name="write_return_value", body=[ast.Assign(value=ast.Call(func=lower))]):
                    assert isinstance(lower, ast.Attribute)
                    check = f"{VALUES}.check('{method.name}', {ast.unparse(lower.value)}, {inner.args.args[0].arg})"
                    inner.body = [*ast.parse(check).body, *inner.body]
                case ast.FunctionDef(name="write_return_value"):
                    fail(f"{node.name}.{method.name} returns by {ast.unparse(inner)}")


def name_arguments(function: ast.FunctionDef) -> None:
    """Makes a callable name the argument that it refuses."""
    arguments = function.args
    given = {arg.arg for arg in [*arguments.args, *arguments.kwonlyargs]} - {"self", "cls"}
    checked = set()
    for statement in function.body:
        match statement:
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=kind, attr="check_lower"), args=[ast.Name(id=name)])):
                statement.value = ast.parse(f"{VALUES}.check({name!r}, {ast.unparse(kind)}, {name})", mode="eval").body
                checked.add(name)
    if checked != given:
        fail(f"{function.name} checks {sorted(checked)} of its arguments")


class Renamer(ast.NodeTransformer):
    """Uses the new names of classes, and writes types in the current syntax."""

    def __init__(self, module: Module) -> None:
        self.names = {name: f"_{name}" for name, kind in module.kinds.items() if kind == "implementation"}
        for name, value in module.aliases.items():
            if module.is_record(value):
                assert isinstance(value, ast.Name)
                self.names[value.id] = name
        self.members = {
            f"{name}.{camel(member.targets[0].id)}": f"{name}.{member.targets[0].id}"
            for name, kind in module.kinds.items()
            if kind == "enum"
            for member in module.classes[name].body
            if isinstance(member, ast.Assign) and isinstance(member.targets[0], ast.Name)
        }

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in INLINED:
            return ast.parse(INLINED[node.id], mode="eval").body
        return ast.Name(self.names.get(node.id, node.id), node.ctx)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        self.generic_visit(node)
        if node.attr in INLINED and ast.unparse(node.value) == "selfsame_identity._native.selfsame_ffi":
            return ast.parse(INLINED[node.attr], mode="eval").body
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        self.generic_visit(node)
        match ast.unparse(node.value), node.slice:
            case "typing.Optional", given:
                return ast.BinOp(given, ast.BitOr(), ast.Constant(None))
            case "typing.List", _:
                node.value = ast.Name("list")
            case "typing.Union", ast.Tuple(elts=[ast.Name(id="object"), given]):
                # UniFFI writes this for an argument with a default.
                return given
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.stmt:
        node.name = self.names.get(node.name, node.name)
        self.generic_visit(node)
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.stmt:
        """Corrects names in documentation, which calls the members of an enum as Rust does."""
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            text = re.sub(r"`(\w+\.\w+)`", lambda each: f"`{self.members.get(each[1], each[1])}`", node.value.value)
            node.value = ast.Constant(text)
        self.generic_visit(node)
        return node


def types_of(tree: ast.Module) -> str:
    """Returns the content of a module's `.pyi`: its public names with their types."""
    imports: list[ast.stmt] = []
    declared: dict[str, ast.stmt] = {}
    for node in tree.body:
        match node:
            case ast.Import() | ast.ImportFrom():
                imports.append(node)
            case ast.ClassDef(decorator_list=[ast.Call(args=[ast.Name(id=of), ast.Constant(value=str(name))]), form]):
                top = declared[of]
                assert isinstance(top, ast.ClassDef)
                variant = class_of(node)
                variant.name, variant.decorator_list = name, [form]
                top.body.append(variant)
            case ast.ClassDef(name=name) if is_public(name):
                declared[name] = class_of(node)
            case ast.FunctionDef(name=name) if is_public(name):
                declared[name] = function_of(node)
            case ast.Assign(targets=[ast.Name(id=name)]) if is_public(name) or name == "__all__":
                declared[name] = node
    imports.append(ast.ImportFrom("typing_extensions", [ast.alias("Self")], 0))
    module = ast.Module([*imports, *declared.values()], [])
    return ast.unparse(ast.fix_missing_locations(module)) + "\n"


def class_of(node: ast.ClassDef) -> ast.ClassDef:
    """A class with its fields and methods."""
    body: list[ast.stmt] = []
    for member in node.body:
        match member:
            case ast.AnnAssign(target=ast.Name(id=name)) if is_public(name):
                body.append(ast.AnnAssign(member.target, member.annotation, member.value and ast.Constant(...), 1))
            case ast.FunctionDef(name=name) if is_public(name) or name == "__init__":
                body.append(function_of(member, node.name))
            case ast.Assign(targets=[ast.Name(id=name)]) if is_public(name):
                body.append(member)
    if not body and node.decorator_list:
        # mypy gives a dataclass without fields the `__init__` of its base.
        body = ast.parse("def __init__(self) -> None: ...").body
    bases = [base for base in node.bases if not ast.unparse(base).startswith(VALUES)]
    if any(ast.unparse(base) == f"{VALUES}.Error" for base in node.bases):
        bases.append(ast.Name("Exception"))
    return ast.ClassDef(node.name, bases, [], body or [ast.Expr(ast.Constant(...))], node.decorator_list)


def function_of(node: ast.FunctionDef, within: str | None = None) -> ast.FunctionDef:
    """A function without its body, every part of it with a type."""
    arguments = node.args
    for arg in [*arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]:
        if arg and arg.arg not in ("self", "cls"):
            arg.annotation = arg.annotation or ast.parse("typing.Any", mode="eval").body
    arguments.defaults = [ast.Constant(...) for _ in arguments.defaults]
    arguments.kw_defaults = [default and ast.Constant(...) for default in arguments.kw_defaults]
    returns = ast.Constant(None) if node.name == "__init__" else node.returns
    # A class method that returns its class returns a subclass for a subclass.
    if node.decorator_list and isinstance(returns, ast.Name) and returns.id == within:
        returns = ast.Name("Self")
    return ast.FunctionDef(node.name, arguments, [ast.Expr(ast.Constant(...))], node.decorator_list, returns)
