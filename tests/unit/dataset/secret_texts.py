"""Texts that hold a secret, and texts that only look like it."""

import string

from tests.unit.dataset.made_up import BASE64, HEX, made_up, openssh_key, pem, private_key

CAPITALS = string.ascii_uppercase + "234567"
ODD_PASSWORDS = ["G7$kq9!xZ2pQ", "G7{kq9!xZ2pQ", "{G7kq9x}Z2pQ", "G7<kq9!xZ2pQ", "$kq9xZ2pQ7wB", "p4$(kq9xZ2pQ"]
STAND_INS = [
    "<dbcredential>", "{dbcredential}", "${dbcredential}", "${{secrets.DB}}", "$(DBCREDENTIAL)",
    "$DBCREDENTIAL", "$dbCredential2", "$env:DBCREDENTIAL", "#{dbcredential}#", "<db-credential-2026>",
    "${DBCREDENTIAL:-none}",
]  # fmt: skip

SECRETS = [
    private_key(),
    private_key().replace("\n", "\\n"),
    openssh_key(),
    openssh_key().replace("\n", "\\n"),
    openssh_key().replace("\n", "\r\n    "),
    openssh_key(b"ssh-rsa", size=1_500),
    pem("RSA", "A" * 9 + made_up(120, BASE64)),
    f"DefaultEndpointsProtocol=https;AccountName=rillo;AccountKey={made_up(86, BASE64)}==;",
    f"Endpoint=sb://rillo.servicebus.windows.net/;SharedAccessKey={made_up(43, BASE64)}=",
    f"https://rillo.blob.core.windows.net/a?sv=2024-11-04&sig={made_up(43)}%3D",
    f"{made_up(52)}JQQJ9{made_up(27)}",
    f"{made_up(3)}8Q~{made_up(34)}",
    f"my key is AKIA{made_up(16, CAPITALS)}.",
    f"ghp_{made_up(36)}",
    f"github_pat_{made_up(22)}_{made_up(59)}",
    f"glpat-{made_up(20)}",
    f"xoxb-{made_up(11, string.digits)}-{made_up(24)}",
    f"https://hooks.slack.com/services/T{made_up(8, CAPITALS)}/B{made_up(9, CAPITALS)}/{made_up(24)}",
    f"sk-{made_up(48)}",
    f"sk-proj-{made_up(100)}",
    f"sk_live_{made_up(24)}",
    f"AIza{made_up(35)}",
    f"hf_{made_up(34)}",
    f"npm_{made_up(36)}",
    f"pypi-AgEI{made_up(80)}",
    f"SG.{made_up(22)}.{made_up(43)}",
    f"eyJ{made_up(30)}.eyJ{made_up(80)}.{made_up(43)}",
    f"postgresql://admin:{made_up(12)}@db.rillo.io:5432/app",
    f"Server=tcp:rillo.database.windows.net;User ID=app;Password={made_up(14)};",
    *(f"postgresql://admin:{password}@db.rillo.io:5432/app" for password in ODD_PASSWORDS),
    *(f"Server=tcp:db.rillo.io;User ID=app;Password={password};" for password in (*ODD_PASSWORDS, "G7>kq9!xZ2pQ")),
    f"curl -H 'Authorization: Bearer {made_up(40, HEX)}'",
    f'{{"authorization": "bearer {made_up(43)}="}}',
    f'api_key = "{made_up(32, HEX)}"',
    f"set CLIENT_SECRET={made_up(40)}",
    f'{{"access_token": "{made_up(40)}"}}',
]

NO_SECRETS = [
    pem("RSA", "A" * 64),
    pem("OPENSSH", openssh_key().splitlines()[1] + "\n..."),
    pem("", "<the key>") + "\nis at https://rillo.io/" + "keys/of/the/" * 9,
    "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
    "AccountKey=<key>; or AccountKey=" + "x" * 86 + "==",
    "AKIAIOSFODNN7" + "EXAMPLE",
    'api_key = "your-api-key-goes-here-please"',
    "api_key = os.environ['OPENAI_API_KEY_OF_PRODUCTION']",
    "token: the_quick_brown_fox_jumps_over",
    f"commit: {made_up(40, HEX)}",
    f"sha256={made_up(64, HEX)}",
    "postgresql://user:password@localhost/db",
    "postgresql://user:${PASSWORD}@localhost/db",
    *(f"postgresql://admin:{word}@db.rillo.io:5432/app" for word in STAND_INS),
    *(f"Server=tcp:db.rillo.io;User ID=app;Password={word};" for word in STAND_INS),
    *(f"Server=tcp:db.rillo.io;User ID=app;Password={word}." for word in STAND_INS),
    *(f"curl -H 'Authorization: Bearer {word}'" for word in STAND_INS),
    "Authorization: Bearer YOUR_ACCESS_TOKEN_OF_40_CHARACTERS_1_2_3a4b5c",
    "Authorization: Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9...",
    "Send it as bearer authentication-of-the-second-kind.",
    "See <https://rillo.io:8080>,<help@rillo.example.",
    "sk-learn-is-a-short-name-for-the-scikit-learn-library",
    "https://learn.microsoft.com/azure/storage/common/storage-sas-overview?tabs=azure-portal",
    "Password=secret_here; Server=localhost",
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
]
