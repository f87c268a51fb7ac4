"""What is a secret and what only looks like one, case by case."""

from __future__ import annotations

import pytest

from hubsync.leaks.search import find_secrets
from tests.unit.leaks import made_up
from tests.unit.leaks.made_up import HEX, UPPER, noise, password

HEX40 = noise(40, HEX)
UUID = f"{noise(8, HEX)}-{noise(4, HEX)}-{noise(4, HEX)}-{noise(4, HEX)}-{noise(12, HEX)}"
AWS_ID = "AK" + "IA" + noise(16, UPPER)

SECRETS = [
    ("a.py", f'aws_access_key_id = "{AWS_ID}"', "AWS key"),
    ("a.py", f'aws_secret_access_key = "{noise(40)}"', "AWS key"),
    ("credentials.ini", f"aws_secret_access_key = {noise(40)}", "API key or token"),
    ("a.sh", f"export AWS_SESSION_TOKEN={noise(120)}", "API key or token"),
    ("a.py", f"conn = 'AccountName=x;AccountKey={noise(86)}=='", "Azure storage key"),
    ("a.py", f"g = Github('{made_up.github()}')", "GitHub token"),
    ("a.py", "g = 'github" + f"_pat_{noise(82)}'", "GitHub token"),
    ("a.md", f"clone https://ada:{made_up.github()}@example.org/x", "GitHub token"),
    ("a.yml", f"token: glpat-{noise(20)}", "GitLab token"),
    ("a.py", "login('h" + f"f_{noise(34)}')", "Hugging Face token"),
    ("a.py", f"client(key='AI{'za'}{noise(35)}')", "Google API key"),
    ("a.py", f"x = 'GOCSPX-{noise(28)}'", "Google client secret"),
    ("a.py", f"x = 'sk-{noise(20)}T3Blbk" + f"FJ{noise(20)}'", "OpenAI key"),
    ("a.py", f"x = 'sk-ant-api03-{noise(93)}'", "Anthropic key"),
    ("a.cfg", "x = pypi-AgEIcHlwaS5v" + f"cmc{noise(100)}", "PyPI token"),
    ("a.npmrc", f"//r.example/:_authToken=npm_{noise(36)}", "npm token"),
    ("a.py", f"x = 'xox{'b'}-{noise(11, '12345')}-{noise(24)}'", "Slack token"),
    ("a.py", f"x = 'sk_{'live'}_{noise(24)}'", "Stripe key"),
    ("a.py", f"x = 'SG.{noise(22)}.{noise(43)}'", "SendGrid key"),
    (
        "a.py",
        f"u = 'https://api.telegram.org/bot{noise(9, '13579')}:AA{noise(33)}'",
        "Telegram token",
    ),
    ("a.py", f"headers = {{'x': '{made_up.web_token()}'}}", "JSON web token"),
    ("key.txt", made_up.private_key(), "private key"),
    ("key.txt", made_up.private_key("OPENSSH "), "private key"),
    ("sa.json", '{"k": "' + made_up.private_key("").replace("\n", "\\n") + '"}', "private key"),
    ("key.age", f"AGE-SECRET-{'KEY'}-1{noise(58, UPPER)}", "age key"),
    ("a.py", f"e = create_engine('postgresql://ada:{password()}@db/x')", "password in a URL"),
    ("a.sh", f"echo machine a.org login ada password {password()} >> x", "password of a .netrc"),
    ("a.txt", f"machine a.org\n  login ada\n  password {password()}", "password of a .netrc"),
    ("cds", f"url: https://cds.climate.copernicus.eu/api\nkey: {UUID}", "Copernicus key"),
    ("a.py", f"wandb.login(key='{HEX40}')", "Weights & Biases key"),
    ("a.sh", f"curl -H 'Authorization: Bearer {noise(40)}' x", "authorization header"),
    ("a.py", f"password = '{password()}'", "password"),
    ("a.py", f"connect('h', user='ada', passwd=\"{password()}\")", "password"),
    ("a.py", f'os.environ["DB_PASSWORD"] = "{password()}"', "password"),
    ("a.py", f'os.environ.setdefault("EARTHDATA_PASSWORD", "{password()}")', "password"),
    ("a.yaml", f"db:\n  password: {password()}", "password"),
    ("a.env", f"DB_PASSWORD={password()}", "password"),
    ("a.sh", f"export PGPASSWORD={password()}", "password"),
    ("run.sh", f"set -e\nPASSWORD={password()}\n", "password"),
    ("run.sh", f"    local db_password={password()}\n", "password"),
    ("a.py", f'password = """{password()}"""', "password"),
    ("a.py", f"password = '''{password()}'''", "password"),
    ("a.R", f"api_key <- 1\napi_key = '{noise(32, HEX)}'", "API key or token"),
    ("a.R", f'api_key <- "{noise(32, HEX)}"', "API key or token"),
    ("a.py", f'password: str = "{password()}"', "password"),
    ("a.py", f'add("--password", default="{password()}")', "password"),
    ("a.py", f"client_secret='{noise(40)}'", "API key or token"),
    ("a.py", f"requests.get('https://a.org/x?access_token={noise(60)}')", "API key or token"),
    ("log", f"http://127.0.0.1:8888/lab?token={noise(48, HEX)}", "API key or token"),
    ("a.json", f'{{"api-key": "{UUID}"}}', "API key or token"),
    ("a.py", f"planet.Auth(SUBSCRIPTION_KEY := '{noise(32, HEX)}')", "API key or token"),
]

HARMLESS = [
    ("a.py", "password = getpass.getpass('Password: ')"),
    ("a.py", "password = os.environ['DB_PASSWORD1']"),
    ("a.py", "token = config.get_token_v2(user1)"),
    ("a.py", "password = 'your-password1'"),
    ("a.py", "password: str = 'postgres'"),
    ("a.py", "widgets.Password(description='Password1:')"),
    ("a.py", "def f(password=None, token='abc'): ..."),
    ("a.md", 'Set `password: "<your p4ssword>"` first.'),
    ("a.yaml", "password: ${DB_PASSWORD_1}"),
    ("a.yaml", "password: {{ vault.db2 }}"),
    ("a.yaml", "secretName: my-secret-2021-v2-x1y2z3"),
    ("a.yaml", "password_file: /run/x/db2.txt"),
    ("a.py", "key = 'AKIAIOSFODNN7" + "EXAMPLE'"),
    ("a.py", "x = 'ghp_" + "x" * 36 + "'"),
    ("a.py", "url = 'postgresql://user:password@localhost/db'"),
    ("a.py", "url = f'https://{user}:{password1}@a.org'"),
    ("a.md", "ssh://git@github.com:22/x and http://[::1]:8888/lab@2"),
    ("a.py", "if '-----BEGIN RSA PRIVATE KEY-----' in text: pass"),
    ("cert.pem", "-----BEGIN CERTIFICATE-----\n" + noise(64) + "\n-----END CERTIFICATE-----"),
    ("a.py", 'tokenizer = X(pad_token="[PAD]", eos_token="<|endoftext|>")'),
    ("a.csv", "token,count\nthe1,22\nfox2,33"),
    ("a.json", f'{{"nextPageToken": "{noise(40)}"}}'),
    ("a.json", f'{{"token": "{UUID}"}}'),
    ("a.txt", f"Next page token: {noise(25)}"),
    ("poetry.lock", f'content-hash = "{noise(64, HEX)}"\nfile = "sha256:{noise(64, HEX)}"'),
    ("package-lock.json", f'"integrity": "sha512-{noise(86)}=="'),
    ("environment.yml", f"  - python=3.11.4={noise(7, HEX)}_0"),
    ("a.md", f"See commit {HEX40} and doi:10.5281/zenodo.1234567"),
    ("a.md", f"uuid {UUID}, UA-123456-1, G-{noise(10, UPPER)}"),
    ("a.json", f'{{"key": "{UUID}", "id": "{noise(24, HEX)}", "etag": "{noise(32, HEX)}"}}'),
    ("a.txt", f"<xarray.Dataset> dask.array<open_dataset-{noise(32, HEX)}, name>"),
    ("a.txt", f"https://b.blob.core.windows.net/c/x.tif?st=2021&se=2022&sp=rl&sig={noise(43)}%3D"),
    ("a.txt", "MOD09GA.A2021001.h08v05.006.2021012055536.hdf"),
    ("a.txt", "S2A_MSIL2A_20210504T150721_N0300_R082_T19NEA_20210505T041211.SAFE"),
    ("a.txt", f"data:image/png;base64,{noise(4000)}"),
    ("a.fasta", ">seq1\n" + noise(400, "ACGT")),
    ("a.csv", "\n".join(f"{n},{noise(8, HEX, n)},AC{noise(6, UPPER, n)}" for n in range(99))),
    ("a.py", "mapbox = 'pk.ey" + f"J{noise(60)}.{noise(22)}'"),
    ("a.py", "session_token_expires_at_2021 = now(); pwd = '/home/ada1'"),
    ("a.sh", "cd $pwd && PWD=/data/run1 task-runner --risk-level=3 sk-learn"),
    ("a.sh", "PASSWORD=$1\nSECRET=$(cat /run/s1)\npassword=${DB_PASS1}\ntoken=/run/t1/abc"),
    ("a.bib", "@article{secret2019, title = {The Secret: 42 Tokens}, key = {a1b2c3}}"),
    ("a.html", '<input type="password" name="password" id="password1" value="">'),
]


@pytest.mark.parametrize(("path", "text", "kind"), SECRETS)
def test_a_secret_is_found_and_named(path: str, text: str, kind: str) -> None:
    assert kind in [leak.kind for leak in find_secrets(path, text.encode())]


@pytest.mark.parametrize(("path", "text"), HARMLESS)
def test_what_only_looks_like_one_is_left_alone(path: str, text: str) -> None:
    assert find_secrets(path, text.encode()) == []
    assert find_secrets("n.ipynb", made_up.notebook((text, text))) == []


@pytest.mark.parametrize(
    ("path", "text"), [(path, text) for path, text, _ in SECRETS if path.endswith(".py")]
)
def test_a_secret_is_found_in_a_cell_and_in_its_output(path: str, text: str) -> None:
    source = find_secrets("n.ipynb", made_up.notebook(("1", ""), (text, "")))
    output = find_secrets("n.ipynb", made_up.notebook(("1", ""), ("2", text)))
    assert {(one.cell, one.output) for one in source} == {(2, False)}
    assert {(one.cell, one.output) for one in output} == {(2, True)}
