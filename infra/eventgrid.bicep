// Event Grid: what happens in storage and in Azure ML, and our own news.
param token string
param location string
param workspaceToken string
param workspaceLocation string
param tags object
param storageName string
param workspaceId string
param privateNetwork bool

resource storage 'Microsoft.Storage/storageAccounts@2026-04-01' existing = {
  name: storageName
}

resource storageTopic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: 'egst-storage-${token}'
  location: location
  tags: tags
  identity: { type: 'SystemAssigned' } // writes dead letters
  properties: {
    source: storage.id
    topicType: 'Microsoft.Storage.StorageAccounts'
  }
}

// A system topic lives where its source lives.
resource workspaceTopic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: 'egst-workspace-${workspaceToken}'
  location: workspaceLocation
  tags: tags
  identity: { type: 'SystemAssigned' }
  properties: {
    source: workspaceId
    topicType: 'Microsoft.MachineLearningServices.Workspaces'
  }
}

resource newsTopic 'Microsoft.EventGrid/topics@2025-02-15' = {
  name: 'egt-tunedrop-${token}'
  location: location
  tags: tags
  identity: { type: 'SystemAssigned' }
  properties: {
    inputSchema: 'EventGridSchema'
    disableLocalAuth: true
    minimumTlsVersionAllowed: '1.2'
    publicNetworkAccess: privateNetwork ? 'Disabled' : 'Enabled'
  }
}

output storageTopicId string = storageTopic.id
output storageTopicName string = storageTopic.name
output storageTopicPrincipalId string = storageTopic.identity.principalId
output workspaceTopicId string = workspaceTopic.id
output workspaceTopicName string = workspaceTopic.name
output workspaceTopicPrincipalId string = workspaceTopic.identity.principalId
output newsTopicId string = newsTopic.id
output newsTopicName string = newsTopic.name
output newsTopicPrincipalId string = newsTopic.identity.principalId
output newsTopicUrl string = newsTopic.properties.endpoint
