"""JUnit XML: a test case a figure, a failure a regression, an error what could not be checked.

The common part of what Jenkins, GitLab and GitHub's reporters read (Apache Ant's JUnit schema).
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

from benches.gate.verdict import Judged, MeasurementVerdict, Verdict, part_words, words_of
from emulator.reporting.questions import UNOFFICIAL

NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(verdict: Verdict) -> str:
    """The document."""
    root = ElementTree.Element("testsuites", name="boardless check")
    for measurement in verdict.measurements:
        _suite(root, measurement)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _suite(root: ElementTree.Element, measurement: MeasurementVerdict) -> None:
    failures, unchecked = len(measurement.regressions), len(measurement.unchecked)
    suite = ElementTree.SubElement(
        root,
        "testsuite",
        name=measurement.name,
        tests=str(len(measurement.judged) or 1),
        failures=str(failures),
        errors=str(unchecked + bool(measurement.problem)),
        skipped="0",
    )
    if measurement.problem:
        case = ElementTree.SubElement(suite, "testcase", classname=measurement.name, name="measured")
        ElementTree.SubElement(
            case, "error", message=_text(measurement.problem.splitlines()[0])
        ).text = _text(measurement.problem)
    for item in measurement.judged:
        _case(suite, measurement, item)
    ElementTree.SubElement(suite, "system-out").text = _text("\n".join((UNOFFICIAL, *measurement.notes)))


def _case(suite: ElementTree.Element, measurement: MeasurementVerdict, item: Judged) -> None:
    case = ElementTree.SubElement(suite, "testcase", classname=measurement.name, name=_text(item.figure))
    if item.state.is_regression:
        lines = [words_of(item), *(part_words(change) for change in measurement.changes)]
        failure = ElementTree.SubElement(case, "failure", message=_text(lines[0]), type=item.state.value)
        failure.text = _text("\n".join(lines))
    elif item.state.is_unchecked:
        ElementTree.SubElement(case, "error", message=_text(words_of(item)), type=item.state.value)


def _text(text: str) -> str:
    """Without characters that XML can't hold; symbols may have any."""
    return NOT_IN_XML.sub("?", text)
