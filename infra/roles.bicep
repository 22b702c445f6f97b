// Who may do what: every role assignment of the deployment is here, each as narrow as its use allows.
param appPrincipalId string
param projectPrincipalId string
param storageTopicPrincipalId string
param workspaceTopicPrincipalId string
param newsTopicPrincipalId string
param userPrincipalId string
param storageName string
param vaultName string
param webhookSecretName string
param projectName string
param contentSafetyName string
param newsTopicName string
param communicationName string
param insightsName string

var definitions = 'Microsoft.Authorization/roleDefinitions'
var roles = {
  blobOwner: subscriptionResourceId(definitions, 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b')
  blobContributor: subscriptionResourceId(definitions, 'ba92f5b4-2d11-453d-a403-e96b0029c9fe')
  blobReader: subscriptionResourceId(definitions, '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1')
  queueContributor: subscriptionResourceId(definitions, '974c5e8b-45b9-4653-ba55-5f855dd0fb88')
  tableContributor: subscriptionResourceId(definitions, '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3')
  metricsPublisher: subscriptionResourceId(definitions, '3913510d-42f4-4e42-8a64-420c390055eb')
  dataScientist: subscriptionResourceId(definitions, 'f6c7c914-8db3-469d-8ca1-694a8f32e121')
  cognitiveUser: subscriptionResourceId(definitions, 'a97b65f3-24c7-4388-baec-2e87135dc908')
  eventSender: subscriptionResourceId(definitions, 'd5a91429-5739-47e2-a06b-3470a27159e7')
  communicationOwner: subscriptionResourceId(definitions, '09976791-48a7-449e-bb21-39d1a415f350')
  secretsUser: subscriptionResourceId(definitions, '4633458b-17de-408a-b874-0445c86b69e6')
}

resource storage 'Microsoft.Storage/storageAccounts@2026-04-01' existing = {
  name: storageName

  resource blobs 'blobServices' existing = {
    name: 'default'

    resource datasets 'containers' existing = {
      name: 'datasets'
    }

    resource reports 'containers' existing = {
      name: 'reports'
    }

    resource deadLetters 'containers' existing = {
      name: 'deadletters'
    }
  }

  resource tableService 'tableServices' existing = {
    name: 'default'

    resource keys 'tables' existing = {
      name: 'keys'
    }

    resource policies 'tables' existing = {
      name: 'policies'
    }
  }
}

resource vault 'Microsoft.KeyVault/vaults@2026-02-01' existing = {
  name: vaultName

  resource webhook 'secrets' existing = {
    name: webhookSecretName
  }
}

resource project 'Microsoft.MachineLearningServices/workspaces@2026-05-01' existing = {
  name: projectName
}

resource contentSafety 'Microsoft.CognitiveServices/accounts@2026-07-01' existing = {
  name: contentSafetyName
}

resource newsTopic 'Microsoft.EventGrid/topics@2025-02-15' existing = {
  name: newsTopicName
}

resource communication 'Microsoft.Communication/communicationServices@2026-03-18' existing = {
  name: communicationName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

// The Functions host keeps its locks and keys in blobs, and reads the app's package; it asks for Owner.
resource appBlobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage.id, appPrincipalId, roles.blobOwner)
  scope: storage
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: roles.blobOwner
  }
}

resource appQueues 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage.id, appPrincipalId, roles.queueContributor)
  scope: storage
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: roles.queueContributor
  }
}

resource appTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage.id, appPrincipalId, roles.tableContributor)
  scope: storage
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: roles.tableContributor
  }
}

resource appLogs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(insights.id, appPrincipalId, roles.metricsPublisher)
  scope: insights
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: roles.metricsPublisher
  }
}

// Jobs, models and endpoints of this project, with the keys of its endpoints; not of the hub.
resource appTraining 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(project.id, appPrincipalId, roles.dataScientist)
  scope: project
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: roles.dataScientist
  }
}

resource appContentSafety 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(contentSafety.id, appPrincipalId, roles.cognitiveUser)
  scope: contentSafety
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: roles.cognitiveUser
  }
}

resource appNews 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(newsTopic.id, appPrincipalId, roles.eventSender)
  scope: newsTopic
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: roles.eventSender
  }
}

// There is no built-in role that may only send e-mails.
resource appEmail 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(communication.id, appPrincipalId, roles.communicationOwner)
  scope: communication
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: roles.communicationOwner
  }
}

resource appWebhook 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault::webhook.id, appPrincipalId, roles.secretsUser)
  scope: vault::webhook
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: roles.secretsUser
  }
}

// Jobs read the split that the app wrote.
resource jobsReadReports 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage::blobs::reports.id, projectPrincipalId, roles.blobReader)
  scope: storage::blobs::reports
  properties: {
    principalId: projectPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: roles.blobReader
  }
}

// Events that were never delivered are written by the topic itself.
resource storageTopicDeadLetters 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage::blobs::deadLetters.id, storageTopicPrincipalId, roles.blobContributor)
  scope: storage::blobs::deadLetters
  properties: {
    principalId: storageTopicPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: roles.blobContributor
  }
}

resource workspaceTopicDeadLetters 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage::blobs::deadLetters.id, workspaceTopicPrincipalId, roles.blobContributor)
  scope: storage::blobs::deadLetters
  properties: {
    principalId: workspaceTopicPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: roles.blobContributor
  }
}

resource newsTopicDeadLetters 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage::blobs::deadLetters.id, newsTopicPrincipalId, roles.blobContributor)
  scope: storage::blobs::deadLetters
  properties: {
    principalId: newsTopicPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: roles.blobContributor
  }
}

// People drop datasets, read reports, make keys and set policies. A user or a group: its type is left open.
resource userDrops 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage::blobs::datasets.id, userPrincipalId, roles.blobContributor)
  scope: storage::blobs::datasets
  properties: {
    principalId: userPrincipalId
    roleDefinitionId: roles.blobContributor
  }
}

resource userReadsReports 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage::blobs::reports.id, userPrincipalId, roles.blobReader)
  scope: storage::blobs::reports
  properties: {
    principalId: userPrincipalId
    roleDefinitionId: roles.blobReader
  }
}

resource userMakesKeys 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage::tableService::keys.id, userPrincipalId, roles.tableContributor)
  scope: storage::tableService::keys
  properties: {
    principalId: userPrincipalId
    roleDefinitionId: roles.tableContributor
  }
}

resource userSetsPolicies 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage::tableService::policies.id, userPrincipalId, roles.tableContributor)
  scope: storage::tableService::policies
  properties: {
    principalId: userPrincipalId
    roleDefinitionId: roles.tableContributor
  }
}
