"""x"""
from tests.audit.stack import Audited
import json

def test_it(audited: Audited) -> None:
    audited.post()
    print(json.dumps(audited.verify(), indent=1)[:3000])
    print(audited.seal())
    r = audited.verify()
    print(json.dumps(r, indent=1)[:3000])
    print([s.text for s in audited.seals.of("USPM")])
    assert 0
