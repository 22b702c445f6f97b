// Azure ML: a hub with a storage account and a key vault of its own, and a project that trains and serves.
param token string
param projectName string
param location string
param tags object

@description('Storage account of the app: jobs read their training files from its container reports.')
param storageName string

@description('Identity of the machines that train and serve on GPUs; empty: there are none.')
param machinesId string

@description('Registry of the images that those machines run; empty: there is none.')
param imagesId string

var datastoreName = 'tunedrop'

resource hubStorage 'Microsoft.Storage/storageAccounts@2026-04-01' = {
  name: 'sttdhub${token}'
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: 'Standard_LRS' }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
  }
}

resource hubVault 'Microsoft.KeyVault/vaults@2026-02-01' = {
  name: 'kv-hub-${token}'
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 7
  }
}

// Azure ML itself gives the identities of hub and project their roles on the hub's storage, vault and registry.
resource hub 'Microsoft.MachineLearningServices/workspaces@2026-05-01' = {
  name: 'hub-tunedrop-${token}'
  location: location
  tags: tags
  kind: 'Hub'
  sku: { name: 'Basic', tier: 'Basic' }
  identity: { type: 'SystemAssigned' }
  properties: {
    friendlyName: 'TuneDrop'
    storageAccount: hubStorage.id
    keyVault: hubVault.id
    containerRegistry: empty(imagesId) ? null : imagesId
    systemDatastoresAuthMode: 'Identity'
    publicNetworkAccess: 'Enabled'
  }
}

resource project 'Microsoft.MachineLearningServices/workspaces@2026-05-01' = {
  name: projectName
  location: location
  tags: tags
  kind: 'Project'
  sku: { name: 'Basic', tier: 'Basic' }
  // Serverless compute takes no system-assigned identity: its jobs run as the other one, which the app looks up here.
  identity: empty(machinesId)
    ? { type: 'SystemAssigned' }
    : { type: 'SystemAssigned,UserAssigned', userAssignedIdentities: { '${machinesId}': {} } }
  properties: {
    friendlyName: 'TuneDrop'
    hubResourceId: hub.id
    publicNetworkAccess: 'Enabled'
  }
}

// Without a key: the project's identity reads it, with the role that roles.bicep gives it.
resource datastore 'Microsoft.MachineLearningServices/workspaces/datastores@2026-05-01' = {
  parent: project
  name: datastoreName
  properties: {
    datastoreType: 'AzureBlob'
    accountName: storageName
    containerName: 'reports'
    endpoint: environment().suffixes.storage
    protocol: 'https'
    subscriptionId: subscription().subscriptionId
    resourceGroup: resourceGroup().name
    serviceDataAccessAuthIdentity: 'WorkspaceSystemAssignedIdentity'
    credentials: { credentialsType: 'None' }
  }
}

output hubStorageName string = hubStorage.name
output projectId string = project.id
output projectName string = project.name
output projectPrincipalId string = project.identity.principalId
output datastoreName string = datastore.name
