"""What the resources of the local cloud are called where ARM shows them."""

from localcloud.azurite import ACCOUNT
from localcloud.management.routing import resource_id

APP = "func-tunedrop-local"
APP_ID = resource_id("Microsoft.Web/sites", APP)
ACCOUNT_ID = resource_id("Microsoft.Storage/storageAccounts", ACCOUNT)
TOPIC_ID = resource_id("Microsoft.EventGrid/topics", "egt-tunedrop-local")
STORAGE_TOPIC_ID = resource_id("Microsoft.EventGrid/systemTopics", "egst-storage-local")
WORKSPACE_TOPIC_ID = resource_id("Microsoft.EventGrid/systemTopics", "egst-workspace-local")
SAFETY_ID = resource_id("Microsoft.CognitiveServices/accounts", "safety-td-local")
COMMUNICATION_ID = resource_id("Microsoft.Communication/communicationServices", "acs-tunedrop-local")
IMAGES_ID = resource_id("Microsoft.ContainerRegistry/registries", "crtdlocal")
VAULT_ID = resource_id("Microsoft.KeyVault/vaults", "kv-td-local")
WEBHOOK_ID = f"{VAULT_ID}/secrets/teams-webhook-url"
EMAIL_ID = resource_id("Microsoft.Communication/emailServices", "email-tunedrop-local")
