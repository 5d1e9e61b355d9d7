"""The template as CloudFormation gets it: loops and SAM's short forms written out, so that the result can be checked.

    .tools/sam/bin/python tools/expand_template.py template.yaml > expanded.json

Runs in the environment of the SAM CLI, which brings the translator. Parameters have their defaults, but for those
without which there is no workspace and no mail. Nothing is asked of AWS.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from boto3 import Session
from samcli.lib.cfn_language_extensions import expand_language_extensions
from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

# The code's place is not known before it is packaged, and the translator takes nothing local.
PACKAGED = "s3://bucket/key"
CODE = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}
ISSUER = "https://sign-in.example"
SENDER = "invoices@contoso.example"
SERVERLESS = "AWS::Serverless-2016-10-31"


def expanded(template: dict[str, Any]) -> Any:
    """What CloudFormation makes of ``template``. Raises the translator's ``InvalidDocumentException``."""
    template["Parameters"]["OidcIssuer"]["Default"] = ISSUER
    template["Parameters"]["MailSender"]["Default"] = SENDER
    written = expand_language_extensions(template, enabled=True).expanded_template
    written["Transform"] = SERVERLESS
    for resource in written["Resources"].values():
        if resource["Type"] in CODE:
            resource["Properties"][CODE[resource["Type"]]] = PACKAGED
    translator = Translator(None, Parser(), boto_session=Session(region_name="us-east-1"))
    return translator.translate(written, {}, get_managed_policy_map=dict)


def main() -> None:
    template = yaml_parse(Path(sys.argv[1]).read_text(encoding="utf-8"))
    sys.stdout.write(json.dumps(expanded(template), indent=2) + "\n")


if __name__ == "__main__":
    main()
