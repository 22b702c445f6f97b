// The one secret of the app: the URL that posts into the Teams channel.
param name string
param location string
param tags object
param privateNetwork bool

@secure()
param teamsWebhookUrl string

resource vault 'Microsoft.KeyVault/vaults@2026-02-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 7
    publicNetworkAccess: privateNetwork ? 'Disabled' : 'Enabled'
    networkAcls: {
      defaultAction: privateNetwork ? 'Deny' : 'Allow'
      bypass: 'AzureServices' // lets Resource Manager write the secret below
    }
  }
}

resource webhook 'Microsoft.KeyVault/vaults/secrets@2026-02-01' = {
  parent: vault
  name: 'teams-webhook-url'
  properties: {
    value: teamsWebhookUrl
    contentType: 'URL of a Teams Workflow'
  }
}

output id string = vault.id
output name string = vault.name
output webhookSecretName string = webhook.name
output webhookSecretUri string = webhook.properties.secretUri
