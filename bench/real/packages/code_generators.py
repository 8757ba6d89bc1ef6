"""Generators of code: clients of an API, models of a schema, classes of an XML schema, a project, a session of nox."""

import contextlib
import json
import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest import mock

from bench.real.package import Package
from bench.real.projects import COUNT, title, words, write


def _schema(number: int) -> dict[str, Any]:
    kinds: list[dict[str, Any]] = [
        {"type": "string"},
        {"type": "integer"},
        {"type": "array", "items": {"type": "string"}},
    ]
    kinds += [{"type": "string", "format": "date-time"}, {"type": "string", "enum": ["a", "b"]}, {"type": "number"}]
    fields = {f"field{at}": {**kinds[at % len(kinds)], "description": words(at, 8)} for at in range(20)}
    return {
        "type": "object",
        "title": f"Kind{number}",
        "properties": fields,
        "required": ["field0", "field1", "field3"],
    }


def _api(folder: Path) -> Path:
    schemas = {f"Kind{number}": _schema(number) for number in range(COUNT)}
    paths: dict[str, Any] = {}
    for number in range(COUNT):
        content = {"application/json": {"schema": {"$ref": f"#/components/schemas/Kind{number}"}}}
        parameters = [
            {
                "name": f"p{at}",
                "in": "query",
                "required": at < 2,
                "schema": {"type": ("string", "integer", "boolean")[at % 3]},
            }
            for at in range(6)
        ]
        paths[f"/kinds/{number}"] = {
            "post": {
                "operationId": f"make_{number}",
                "tags": ["kinds"],
                "summary": title(number),
                "parameters": parameters,
                "requestBody": {"content": content},
                "responses": {
                    status: {"description": words(number, 4), "content": content} for status in ("200", "422")
                },
            }
        }
    api = {
        "openapi": "3.0.3",
        "info": {"title": "Shop", "version": "1"},
        "paths": paths,
        "components": {"schemas": schemas},
    }
    write(folder, {"api.json": json.dumps(api)})
    return folder / "api.json"


def _client(folder: Path, stack: ExitStack) -> None:
    from openapi_python_client import generate
    from openapi_python_client.config import Config, ConfigFile, MetaType

    config = Config.from_sources(
        ConfigFile(post_hooks=[]),
        MetaType.POETRY,
        document_source=_api(folder),
        file_encoding="utf-8",
        overwrite=True,
        output_path=folder / "client",
    )
    generate(config=config, custom_template_path=None)


def _models(folder: Path, stack: ExitStack) -> None:
    import datamodel_code_generator
    from datamodel_code_generator import DataModelType, InputFileType, generate

    # named, or it writes what these templates say without them
    templates = Path(datamodel_code_generator.__file__).parent / "model/template"
    for kind in (DataModelType.PydanticV2BaseModel, DataModelType.DataclassesDataclass, DataModelType.TypingTypedDict):
        source = _api(folder)
        options: dict[str, Any] = {"output_model_type": kind, "custom_template_dir": templates}
        generate(source, input_file_type=InputFileType.OpenAPI, output=folder / "out.py", **options)


def _xsdata(folder: Path, stack: ExitStack) -> None:
    from click.testing import CliRunner
    from xsdata.cli import cli

    fields = "".join(
        f'<xs:element name="field{at}" type="xs:{("string", "int", "date")[at % 3]}" minOccurs="{at % 2}"/>'
        for at in range(20)
    )
    kinds = "".join(
        f'<xs:complexType name="Kind{at}">'
        f"<xs:annotation><xs:documentation>{words(at, 9)}</xs:documentation></xs:annotation>"
        f'<xs:sequence>{fields}</xs:sequence><xs:attribute name="id" type="xs:int"/></xs:complexType>'
        for at in range(COUNT)
    )
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))  # it calls ruff
    stack.enter_context(mock.patch.dict(os.environ, {"PATH": path}))
    write(folder, {"shop.xsd": f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">{kinds}</xs:schema>'})
    outcome = CliRunner().invoke(cli, ["generate", "shop.xsd", "--package", "shop"], catch_exceptions=False)
    assert outcome.exit_code == 0, outcome.output


def _kedro(folder: Path, stack: ExitStack) -> None:
    import kedro.templates
    from cookiecutter.main import cookiecutter

    project = Path(kedro.templates.__path__[0]) / "project"
    values = {"project_name": "Shop", "repo_name": "shop", "python_package": "shop", "kedro_version": "1"}
    cookiecutter(str(project), no_input=True, extra_context=values, output_dir=str(folder))


def _nox(folder: Path, stack: ExitStack) -> None:
    import jinja2
    import nox

    environments = {
        f"py3{number}": {
            "base_python": [f"python3.{number}"],
            "deps": [f"package{at}" for at in range(20)],
            "commands": [["pytest", words(at, 3)] for at in range(5)],
            "description": words(number, 5),
            "use_develop": number % 2,
            "skip_install": False,
            "env_name": f"py3{number}",
            "set_env": {"A": "b"},
            "extras": [],
            "pass_env": [],
            "allowlist_externals": [],
            "change_dir": "",
            "envlist": [],
        }
        for number in range(COUNT)
    }
    source = (Path(nox.__path__[0]) / "tox4_to_nox.jinja2").read_text(encoding="utf-8")
    made = jinja2.Environment(extensions=["jinja2.ext.do"], trim_blocks=True, lstrip_blocks=True)
    made.from_string(source).render(
        config=environments,
        wrapjoin=lambda items: ", ".join(map(repr, items)),
        fixname=lambda name: name.replace("-", "_"),
    )


def _again(variables: dict[str, Any], stack: ExitStack) -> None:
    """Be where cookiecutter is when it renders a file: in the template of the project."""
    import kedro.templates

    project = Path(kedro.templates.__path__[0]) / "project"
    stack.enter_context(contextlib.chdir(next(project.glob("*cookiecutter.repo_name*"))))


PACKAGES = (
    Package(
        "openapi-python-client",
        "a client of an API of 30 models",
        {
            "client endpoint": "endpoint_module.py.jinja",
            "client model": "model.py.jinja",
            "client itself": "client.py.jinja",
        },
        _client,
        ("openapi-python-client",),
    ),
    Package(
        "datamodel-code-generator",
        "an API of 30 models",
        {
            "pydantic model": lambda render: "BaseModel" in str(render.name),
            "dataclass": lambda render: "dataclass.jinja2" in str(render.name),
            "typed dict": lambda render: "TypedDict" in str(render.name),
        },
        _models,
        ("datamodel-code-generator",),
        copied=True,
    ),
    Package(
        "xsdata",
        "a schema of 30 types",
        {"xsdata classes": "class.jinja2", "xsdata module": "module.jinja2"},
        _xsdata,
        ("xsdata",),
    ),
    Package(
        "cookiecutter",
        "a project of kedro's",
        {
            "cookiecutter settings": lambda render: "[project]" in render.text,
            "cookiecutter text": lambda render: "Overview" in render.text,
        },
        _kedro,
        ("cookiecutter", "kedro"),
        _again,
    ),
    Package(
        "nox", "thirty environments of tox, as nox has them", {"nox from tox": lambda render: True}, _nox, ("nox",)
    ),
)
