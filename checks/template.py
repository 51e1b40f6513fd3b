"""The template deploy/batch.yaml: what CloudFormation, Batch and docs/iam.md say of such a thing.

cfn-lint reads it by the schemas of CloudFormation. Then its values are worked out for each kind of capacity, with and without key, database and topic: the policies of the job's role are those of
docs/iam.md, word for word; the job definition is a request that the AWS SDK accepts; every flag of its command is one that export knows; and the retry strategy, by the rules of its API page, does
with each end of a job what docs/batch.md says. It is not deployed anywhere.
"""
import itertools
import json
import re
import subprocess
import sys
from pathlib import Path

import botocore.session
import botocore.validate
import yaml

from dataset import ROOT, Check

TEMPLATE = ROOT / "deploy" / "batch.yaml"
REGION = {"AWS::Partition": "aws", "AWS::Region": "eu-west-1", "AWS::AccountId": "111122223333", "AWS::StackName": "varlake"}
GIVEN = {"Image": "varlake", "InputBucket": "example-vcf", "InputPrefix": "phase3/", "LakeBucket": "example-lake", "LakePrefix": "phase3", "Subnets": ["subnet-1"], "SecurityGroups": ["sg-1"]}
KEY = {"KmsKeyArn": "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"}
GLUE = {"Database": "genomics", "TablePrefix": "kg_"}
TOPIC = {"TopicArn": "arn:aws:sns:eu-west-1:111122223333:exports"}
NOTHING = object()  # AWS::NoValue

# Of ends of a job: exit code, reason of the container, status reason of the job, and what is to follow.
ENDS = {
    "EC2_SPOT": [("75", "", "Essential container in task exited", "RETRY"), ("", "", "Host EC2 (instance i-0123456789abcdef0) terminated.", "RETRY")],
    "FARGATE_SPOT": [("75", "", "Essential container in task exited", "RETRY"), ("143", "", "Your Spot Task was interrupted.", "RETRY")],
}
ANY_ENDS = [("1", "", "Essential container in task exited", "EXIT"), ("2", "", "Essential container in task exited", "EXIT"), ("137", "", "Essential container in task exited", "RETRY"),
            ("137", "OutOfMemoryError: Container killed due to memory usage", "Essential container in task exited", "EXIT"),
            ("", "CannotPullContainerError: not found", "Task failed to start", "EXIT"), ("7", "", "", "EXIT"), ("750", "", "", "EXIT")]


class Loader(yaml.SafeLoader):
    """Short forms of functions become {name: argument}."""


Loader.add_multi_constructor("!", lambda loader, tag, node: {("" if tag == "Ref" else "Fn::") + tag: {
    yaml.ScalarNode: loader.construct_scalar, yaml.SequenceNode: lambda n: loader.construct_sequence(n, True), yaml.MappingNode: lambda n: loader.construct_mapping(n, True)}[type(node)](node)})


class Stack:
    """The template with values for its parameters."""

    def __init__(self, template, given):
        self.values = {**REGION, **{name: given.get(name, p.get("Default")) for name, p in template["Parameters"].items()}}
        assert None not in self.values.values(), self.values
        self.conditions = {}
        for name, of in template["Conditions"].items():
            self.conditions[name] = self.value(of)
        self.resources = {name: self.value(r["Properties"]) for name, r in template["Resources"].items() if self.conditions.get(r.get("Condition"), True)}

    def value(self, of):
        """What an expression comes to; references to resources are their names."""
        if isinstance(of, list):
            return [v for v in map(self.value, of) if v is not NOTHING]
        if not isinstance(of, dict):
            return of
        name, argument = next(iter(of.items()), (None, None))
        if name == "Ref":
            return NOTHING if argument == "AWS::NoValue" else self.values.get(argument, argument)
        if name == "Fn::Sub":
            return re.sub(r"\$\{([^}]+)\}", lambda m: str(self.values[m[1]]), argument)
        if name == "Fn::If":
            return self.value(argument[1 if self.conditions[argument[0]] else 2])
        if name == "Fn::Equals":
            return self.value(argument[0]) == self.value(argument[1])
        if name == "Fn::Not":
            return not self.value(argument[0])
        if name == "Fn::GetAtt":
            return argument
        return {k: v for k, v in ((k, self.value(v)) for k, v in of.items()) if v is not NOTHING}


def policies(check, template):
    """The statements of the job's role are those of the page."""
    page = (ROOT / "docs" / "iam.md").read_text()
    documents = {name: json.loads(text)["Statement"] for name, text in re.findall(r"^```json (\S+)\n(.*?)^```", page, re.M | re.S)}
    by_sid = lambda statements: {s["Sid"]: s for s in statements}
    for name, given in (("worker", {}), ("worker-kms", KEY), ("worker-glue", GLUE), ("worker-glue-kms", {**KEY, **GLUE})):
        role = lambda more: by_sid(Stack(template, {**GIVEN, **given, **more}).resources["JobRole"]["Policies"][0]["PolicyDocument"]["Statement"])
        mine, told = role({}), by_sid(documents[name])
        check.expect(mine == told, f"{name}: differs in {[s for s in mine.keys() | told.keys() if mine.get(s) != told.get(s)]}")
        new = [s for s in role(TOPIC).values() if s not in mine.values()]
        check.expect([(s["Action"], s["Resource"]) for s in new] == [("sns:Publish", TOPIC["TopicArn"])], f"{name}: a topic adds {new}")
        print(f"{name}: {len(mine)} statements as on the page")


def request(value, plain=("Options", "Parameters")):
    """Properties of CloudFormation as the request of the API: keys begin in lower case, but those of maps."""
    if isinstance(value, dict):
        return {k[0].lower() + k[1:]: v if k in plain else request(v) for k, v in value.items()}
    return [request(v) for v in value] if isinstance(value, list) else value


def definition(check, stack, flags, what):
    """The job definition is a request that the SDK takes, and its command one that varlake takes."""
    properties = dict(stack.resources["Export"])
    container = properties["ContainerProperties"]
    container = {**container, "ResourceRequirements": [{**r, "Value": str(r["Value"])} for r in container["ResourceRequirements"]],
                 "JobRoleArn": "arn", "ExecutionRoleArn": "arn"}
    shape = botocore.session.get_session().get_service_model("batch").operation_model("RegisterJobDefinition").input_shape
    wrong = botocore.validate.ParamValidator().validate({"jobDefinitionName": "export", **request({**properties, "ContainerProperties": container})}, shape)
    check.expect(not wrong.has_errors(), f"{what}: {wrong.generate_report()}")
    command = container["Command"]
    used = {word.split("=")[0] for word in command if word.startswith("--")}
    check.expect(used <= flags, f"{what}: export does not know {sorted(used - flags)}")
    references = {word.removeprefix("Ref::") for word in command if word.startswith("Ref::")}
    check.expect(references == set(properties["Parameters"]), f"{what}: {references} are used, {set(properties['Parameters'])} have values")


def matches(pattern, text):
    """A pattern of evaluateOnExit: all of the text, or its beginning where it ends with an asterisk."""
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern


def action(rules, code, reason, status):
    for rule in rules:
        asked = [(rule.get("OnExitCode"), code), (rule.get("OnReason"), reason), (rule.get("OnStatusReason"), status)]
        if all(pattern is None or matches(pattern, text) for pattern, text in asked):
            return rule["Action"]
    return "RETRY"


def retries(check, stack, capacity):
    strategy = stack.resources["Export"]["RetryStrategy"]
    rules = strategy["EvaluateOnExit"]
    check.expect(1 <= strategy["Attempts"] <= 10 and len(rules) <= 5, f"{strategy['Attempts']} attempts, {len(rules)} rules")
    for rule in rules:
        for key, pattern in rule.items():
            legal = {"Action": "RETRY|EXIT", "OnExitCode": r"[0-9]*\*?", "OnReason": r"[\w.:\s]*\*?", "OnStatusReason": r"[\w.:\s]*\*?"}[key]
            check.expect(isinstance(pattern, str) and re.fullmatch(legal, pattern), f"{capacity}: {key} {pattern!r}")
    for code, reason, status, wanted in ENDS[capacity] + ANY_ENDS:
        check.expect(action(rules, code, reason, status) == wanted, f"{capacity}: exit {code!r}, {reason!r}, {status!r} is not {wanted}")


def main():
    check = Check(__doc__)
    lint = subprocess.run([Path(sys.executable).with_name("cfn-lint"), TEMPLATE], capture_output=True, text=True)
    check.expect(lint.returncode == 0, f"cfn-lint: {lint.stdout}{lint.stderr}")
    template = yaml.load(TEMPLATE.read_text(), Loader)
    policies(check, template)
    flags = set(re.findall(r"--[a-z-]+", check.run("export", "--help").stdout))
    given = [{}, {"SampleTable": "samples.tsv"}, KEY, GLUE, TOPIC, {**KEY, **GLUE, **TOPIC, "SampleTable": "samples.tsv"}]
    for capacity, more in itertools.product(ENDS, given):
        stack = Stack(template, {**GIVEN, **more, "Capacity": capacity, **({"MemoryMiB": 4096} if capacity == "FARGATE_SPOT" else {})})
        definition(check, stack, flags, f"{capacity} with {', '.join(more) or 'nothing more'}")
        check.expect(("EC2Spot" in stack.resources) != ("FargateSpot" in stack.resources), f"{capacity}: {list(stack.resources)}")
    for capacity in ENDS:
        retries(check, Stack(template, {**GIVEN, "Capacity": capacity}), capacity)
    print(f"{len(ENDS) * len(given)} job definitions, {sum(map(len, ENDS.values())) + 2 * len(ANY_ENDS)} ends of jobs")
    check.finish()


main()
