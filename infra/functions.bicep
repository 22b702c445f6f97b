// The Function App on Flex Consumption: it costs nothing while nobody asks, unless instances are to wait.
param name string
param location string
param tags object
param identityName string
param storageName string
param insightsName string
param projectName string
param datastoreName string
param newsTopicUrl string
param contentSafetyUrl string
param webhookSecretUri string
param emailUrl string
param emailSender string
param emailRecipients string
param choices object
param requestsPerInstance int
param alwaysReadyInstances int

@description('Subnet that the app reaches private endpoints through; empty: none.')
param subnetId string

var url = 'https://${name}.azurewebsites.net'
var settings = {
  AzureWebJobsStorage__blobServiceUri: storage.properties.primaryEndpoints.blob
  AzureWebJobsStorage__queueServiceUri: storage.properties.primaryEndpoints.queue
  AzureWebJobsStorage__tableServiceUri: storage.properties.primaryEndpoints.table
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identity.properties.clientId
  AZURE_CLIENT_ID: identity.properties.clientId
  AZURE_TOKEN_CREDENTIALS: 'ManagedIdentityCredential'
  APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identity.properties.clientId};Authorization=AAD'
  PYTHON_ENABLE_INIT_INDEXING: '1' // else every request hangs under Python 3.12
  PYTHON_ENABLE_OPENTELEMETRY: choices.PYTHON_ENABLE_OPENTELEMETRY
  ADVANCE_RUNS_SCHEDULE: '0 * * * * *'
  AZURE_SUBSCRIPTION_ID: subscription().subscriptionId
  AZURE_RESOURCE_GROUP: resourceGroup().name
  AZURE_ML_WORKSPACE: projectName
  ARM_URL: environment().resourceManager
  TRAINING_DATASTORE: datastoreName
  EVENT_TOPIC_URL: newsTopicUrl
  CONTENT_SAFETY_URL: contentSafetyUrl
  TEAMS_WEBHOOK_URL: '@Microsoft.KeyVault(SecretUri=${webhookSecretUri})'
  EMAIL_URL: emailUrl
  EMAIL_SENDER: emailSender
  EMAIL_RECIPIENTS: emailRecipients
  APP_URL: url
  TRAINING_COMPUTE: choices.TRAINING_COMPUTE
  TRAINING_INSTANCE: choices.TRAINING_INSTANCE
  TRAINING_GPUS: choices.TRAINING_GPUS
  TRAINING_TIER: choices.TRAINING_TIER
  HOSTING_INSTANCE: choices.HOSTING_INSTANCE
  HOSTING_ENGINE: choices.HOSTING_ENGINE
  BASE_MODEL: choices.BASE_MODEL
  STATE_LIMITS: choices.STATE_LIMITS
  SCREENING: choices.SCREENING
  SCREENING_SAMPLE: choices.SCREENING_SAMPLE
  PRICE_PER_1000_TRAINING_TOKENS: choices.PRICE_PER_1000_TRAINING_TOKENS
  HOSTING_PER_HOUR: choices.HOSTING_PER_HOUR
  GPU_TRAINING_PER_HOUR: choices.GPU_TRAINING_PER_HOUR
  GPU_HOSTING_PER_HOUR: choices.GPU_HOSTING_PER_HOUR
  CURRENCY: choices.CURRENCY
  IDLE_DAYS: choices.IDLE_DAYS
  EMAIL_DOMAINS: choices.EMAIL_DOMAINS
  REPORT_LINK_DAYS: choices.REPORT_LINK_DAYS
  CONTENT_SAFETY_POLICY: choices.CONTENT_SAFETY_POLICY
  APP_SERVICE_AUTHENTICATION: choices.APP_SERVICE_AUTHENTICATION
}

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource storage 'Microsoft.Storage/storageAccounts@2026-04-01' existing = {
  name: storageName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: 'plan-${name}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'app' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identity.id}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    keyVaultReferenceIdentity: identity.id
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    siteConfig: {
      minTlsVersion: '1.2'
      // Not a for-expression: those cannot use what is known only while deploying.
      appSettings: map(items(settings), setting => { name: setting.key, value: setting.value })
    }
    functionAppConfig: {
      runtime: { name: 'python', version: '3.12' }
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${storage.properties.primaryEndpoints.blob}deployments'
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identity.id }
        }
      }
      scaleAndConcurrency: {
        instanceMemoryMB: 2048
        maximumInstanceCount: 40
        alwaysReady: alwaysReadyInstances > 0 ? [{ name: 'http', instanceCount: alwaysReadyInstances }] : []
        // Python's default is 1: each stream would take an instance of its own.
        triggers: { http: { perInstanceConcurrency: requestsPerInstance } }
      }
    }
  }
}

// Nobody publishes with a password: deployment uses Entra ID.
resource noFtpPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'ftp'
  properties: { allow: false }
}

resource noScmPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'scm'
  properties: { allow: false }
}

output name string = app.name
output url string = url
