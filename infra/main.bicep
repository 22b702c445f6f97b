// All of TuneDrop in one resource group. docs/azure.md says how to deploy it, what it costs and how to remove it.
targetScope = 'subscription'

@description('Name of the azd environment: the resource group and every name derive from it.')
@minLength(1)
@maxLength(32)
param environmentName string

@description('Region of the app and its storage. East US 2 keeps everything in one place.')
@metadata({ azd: { type: 'location' } })
param location string

@description('Region of Azure ML and Content Safety. The base model decides which will do: tunedrop doctor tells.')
param aiLocation string = 'eastus2'

@description('Who may drop datasets and make keys: object id of a user or a group. Empty: the one who deploys.')
param principalId string = ''

@secure()
@description('URL of the Teams Workflow "when a webhook request is received". Whoever has it can post.')
param teamsWebhookUrl string

@description('Who is told by e-mail of runs, alerts and the budget; separated by commas, without spaces.')
param emailRecipients string

@description('Settings that have a default: empty leaves it to the app. docs/settings.md explains each.')
param choices object

@description('Geography in which Communication Services keeps e-mails at rest: United States, Europe and others.')
param emailDataLocation string = 'United States'

@description('Streams and other requests that one instance answers at the same time.')
@minValue(1)
@maxValue(1000)
param requestsPerInstance int = 50

@description('Instances that wait for requests, billed by the hour: 1 takes away cold starts.')
@minValue(0)
param alwaysReadyInstances int = 0

@description('Private endpoints for storage, Content Safety, key vault and topic.')
param privateNetwork bool = false

@description('With a private network: public addresses or ranges from which people still reach storage to drop files.')
param dropAddresses array = []

@description('What base models need that are trained and served on GPUs, such as Phi-3: an identity and a registry.')
param gpuTraining bool = false

@description('Amount a month, in the currency of the subscription, whose use is told by e-mail. 0: no budget.')
@minValue(0)
param monthlyBudget int = 300

@description('First day of the budget, which Azure never lets change: kept by azd after the first deployment.')
param budgetStart string = ''

@description('Event subscriptions need the functions to be there: false until the code was deployed once.')
param deployEventSubscriptions bool = false

@description('Leave it: only a parameter may ask for the time.')
param firstOfThisMonth string = '${utcNow('yyyy-MM')}-01'

var token = toLower(uniqueString(subscription().id, environmentName, location))
// Azure moves nothing to another region: in another one, what lies there has other names.
var aiToken = toLower(uniqueString(subscription().id, environmentName, location, aiLocation))
var tags = { 'azd-env-name': environmentName }
var appName = 'func-tunedrop-${token}'
var projectName = 'tunedrop-${aiToken}'
var user = empty(principalId) ? deployer().objectId : principalId
var budgetBegins = empty(budgetStart) ? firstOfThisMonth : budgetStart

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module identity 'identity.bicep' = {
  name: 'identity'
  scope: group
  params: {
    name: 'id-tunedrop-${token}'
    location: location
    tags: tags
  }
}

module monitoring 'monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: {
    token: token
    location: location
    tags: tags
    emailAddresses: split(emailRecipients, ',')
  }
}

module storage 'storage.bicep' = {
  name: 'storage'
  scope: group
  params: {
    name: 'sttd${token}'
    location: location
    tags: tags
    privateNetwork: privateNetwork
    dropAddresses: dropAddresses
    workspaceId: '${group.id}/providers/Microsoft.MachineLearningServices/workspaces/${projectName}'
  }
}

module vault 'vault.bicep' = {
  name: 'vault'
  scope: group
  params: {
    name: 'kv-td-${token}'
    location: location
    tags: tags
    teamsWebhookUrl: teamsWebhookUrl
    privateNetwork: privateNetwork
  }
}

module gpu 'gpu.bicep' = if (gpuTraining) {
  name: 'gpu'
  scope: group
  params: {
    token: aiToken
    location: aiLocation
    tags: tags
  }
}

module ai 'ai.bicep' = {
  name: 'ai'
  scope: group
  params: {
    token: aiToken
    projectName: projectName
    location: aiLocation
    tags: tags
    storageName: storage.outputs.name
    machinesId: gpuTraining ? gpu!.outputs.identityId : ''
    imagesId: gpuTraining ? gpu!.outputs.imagesId : ''
  }
}

module contentSafety 'contentsafety.bicep' = {
  name: 'contentsafety'
  scope: group
  params: {
    name: 'safety-td-${aiToken}'
    location: aiLocation
    tags: tags
    privateNetwork: privateNetwork
  }
}

module communication 'communication.bicep' = {
  name: 'communication'
  scope: group
  params: {
    token: token
    dataLocation: emailDataLocation
    tags: tags
  }
}

module eventGrid 'eventgrid.bicep' = {
  name: 'eventgrid'
  scope: group
  params: {
    token: token
    location: location
    workspaceToken: aiToken
    workspaceLocation: aiLocation
    tags: tags
    storageName: storage.outputs.name
    workspaceId: ai.outputs.projectId
    privateNetwork: privateNetwork
  }
}

module roles 'roles.bicep' = {
  name: 'roles'
  scope: group
  params: {
    appPrincipalId: identity.outputs.principalId
    projectPrincipalId: ai.outputs.projectPrincipalId
    storageTopicPrincipalId: eventGrid.outputs.storageTopicPrincipalId
    workspaceTopicPrincipalId: eventGrid.outputs.workspaceTopicPrincipalId
    newsTopicPrincipalId: eventGrid.outputs.newsTopicPrincipalId
    userPrincipalId: user
    storageName: storage.outputs.name
    vaultName: vault.outputs.name
    webhookSecretName: vault.outputs.webhookSecretName
    projectName: ai.outputs.projectName
    contentSafetyName: contentSafety.outputs.name
    newsTopicName: eventGrid.outputs.newsTopicName
    communicationName: communication.outputs.name
    insightsName: monitoring.outputs.insightsName
  }
}

module gpuRoles 'gpuroles.bicep' = if (gpuTraining) {
  name: 'gpuroles'
  scope: group
  params: {
    appPrincipalId: identity.outputs.principalId
    machinesName: gpu!.outputs.identityName
    machinesPrincipalId: gpu!.outputs.principalId
    imagesName: gpu!.outputs.imagesName
    storageName: storage.outputs.name
    hubStorageName: ai.outputs.hubStorageName
  }
}

module network 'network.bicep' = if (privateNetwork) {
  name: 'network'
  scope: group
  params: {
    token: token
    location: location
    tags: tags
    storageId: storage.outputs.id
    contentSafetyId: contentSafety.outputs.id
    vaultId: vault.outputs.id
    newsTopicId: eventGrid.outputs.newsTopicId
  }
}

module functions 'functions.bicep' = {
  name: 'functions'
  scope: group
  params: {
    name: appName
    location: location
    tags: tags
    identityName: identity.outputs.name
    storageName: storage.outputs.name
    insightsName: monitoring.outputs.insightsName
    projectName: ai.outputs.projectName
    datastoreName: ai.outputs.datastoreName
    newsTopicUrl: eventGrid.outputs.newsTopicUrl
    contentSafetyUrl: contentSafety.outputs.url
    webhookSecretUri: vault.outputs.webhookSecretUri
    emailUrl: communication.outputs.url
    emailSender: communication.outputs.sender
    emailRecipients: emailRecipients
    choices: choices
    requestsPerInstance: requestsPerInstance
    alwaysReadyInstances: alwaysReadyInstances
    subnetId: privateNetwork ? network!.outputs.appSubnetId : ''
  }
  // Without its roles the app cannot read its package, its webhook and its queue when it starts.
  dependsOn: [roles]
}

module subscriptions 'subscriptions.bicep' = if (deployEventSubscriptions) {
  name: 'subscriptions'
  scope: group
  params: {
    appName: functions.outputs.name
    storageName: storage.outputs.name
    storageTopicName: eventGrid.outputs.storageTopicName
    workspaceTopicName: eventGrid.outputs.workspaceTopicName
    newsTopicName: eventGrid.outputs.newsTopicName
  }
}

module alerts 'alerts.bicep' = {
  name: 'alerts'
  scope: group
  params: {
    location: location
    tags: tags
    insightsName: monitoring.outputs.insightsName
    actionGroupId: monitoring.outputs.actionGroupId
    topicIds: [eventGrid.outputs.storageTopicId, eventGrid.outputs.workspaceTopicId, eventGrid.outputs.newsTopicId]
    monthlyBudget: monthlyBudget
    budgetBegins: budgetBegins
    emailAddresses: split(emailRecipients, ',')
  }
}

// azd keeps these in its environment, under the names that the command line reads its settings from.
output AZURE_LOCATION string = location
output AZURE_RESOURCE_GROUP string = group.name
output AZURE_FUNCTION_APP string = functions.outputs.name
output AZURE_ML_WORKSPACE string = ai.outputs.projectName
output AzureWebJobsStorage__blobServiceUri string = storage.outputs.blobUrl
output AzureWebJobsStorage__queueServiceUri string = storage.outputs.queueUrl
output AzureWebJobsStorage__tableServiceUri string = storage.outputs.tableUrl
output STORAGE_ACCOUNT string = storage.outputs.name
output EVENT_TOPIC_URL string = eventGrid.outputs.newsTopicUrl
output CONTENT_SAFETY_URL string = contentSafety.outputs.url
output EMAIL_URL string = communication.outputs.url
output EMAIL_SENDER string = communication.outputs.sender
output APP_URL string = functions.outputs.url
output BUDGET_START string = budgetBegins
