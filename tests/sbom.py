# SPDX-License-Identifier: MIT
"""A bill of materials held against the files that it speaks of.

  python3 tests/sbom.py SBOM PROGRAM          of this machine
  python3 tests/sbom.py SBOM PROGRAM ROOT     of all that is in a root folder
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import urllib.parse

PURL = re.compile(r"pkg:deb/debian/([^@]+)@([^?]+)\?arch=(\w+)&distro=debian-12")


def describe(root):
    """{package: (version, architecture)} of dpkg's database."""
    if not root:
        said = subprocess.run(
            ["dpkg-query", "-W", "-f", "${Package} ${Version} "
             "${Architecture}\n"], check=True, capture_output=True,
            text=True).stdout
        return {row[0]: row[1:] for row in map(str.split, said.splitlines())}
    known = {}
    folder = root + "/var/lib/dpkg/status.d/"
    for name in os.listdir(folder):
        with open(folder + name, encoding="utf-8") as stream:
            fields = dict(re.findall(r"^([A-Z][\w-]+): (.*)$", stream.read(),
                                     re.M))
        known[fields["Package"]] = [fields["Version"], fields["Architecture"]]
    return known


def loaded(program):
    """Files that the dynamic linker puts beside it on this machine."""
    said = subprocess.run(["ldd", program], check=True, capture_output=True,
                          text=True).stdout
    return {os.path.realpath(path) for path in re.findall(r"(/\S+)", said)}


def shipped(root):
    """Files of a root folder, but for texts about others."""
    found = set()
    for where, _, names in os.walk(root):
        inside = where[len(root):]
        if not re.match(r"/(usr/share/doc|var/lib/dpkg|proc)", inside):
            found |= {f"{inside}/{name}" for name in names
                      if not os.path.islink(os.path.join(where, name))}
    # What root.sh writes itself.
    return {path for path in found if path not in ("/etc/passwd", "/etc/group")
            and not path.startswith("/usr/share/aha/models/")} - {"/usr/bin/aha"}


def check_own(component, root):
    [place] = component["evidence"]["occurrences"]
    with open(root + place["location"], "rb") as stream:
        digest = hashlib.sha256(stream.read()).hexdigest()
    assert component["hashes"] == [{"alg": "SHA-256", "content": digest}]
    assert component["version"], component
    assert component["licenses"][0]["license"]["id"], component


def check_package(component, known):
    name, version, arch = map(urllib.parse.unquote,
                              PURL.fullmatch(component["purl"]).groups())
    assert [version, arch] == known[name], component
    assert (name, version) == (component["name"], component["version"])
    assert all(row["license"]["name"] for row in component["licenses"])
    assert component["licenses"]
    return [place["location"] for place in
            component["evidence"]["occurrences"]]


def check(path, program, root=""):
    """@return the number of packages"""
    with open(path, encoding="utf-8") as stream:
        bill = json.load(stream)
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    components = bill["components"]
    references = [component["bom-ref"] for component in components]
    assert len(set(references)) == len(references)
    assert bill["metadata"]["component"]["name"] == "aha"
    check_own(bill["metadata"]["component"], root)
    files, models, known = [], [], describe(root)
    for component in components:
        if component["type"] == "library":
            files += check_package(component, known)
        else:
            check_own(component, root)
            models.append(component["name"])
    assert {"detector", "expression", "landmarks"} <= set(models), models
    assert len(set(files)) == len(files)
    # /lib is /usr/lib in the image.
    listed = {re.sub(r"^/lib", "/usr/lib", file) if root
              else os.path.realpath(file) for file in files}
    actual = shipped(root) if root else loaded(program)
    assert listed == actual, listed ^ actual
    return len(components) - len(models)


if __name__ == "__main__":
    print(check(*sys.argv[1:]), "packages, as listed")
