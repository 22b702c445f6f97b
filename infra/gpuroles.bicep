// Who may do what when training and serving run on GPUs: the role assignments that roles.bicep does not need.
param appPrincipalId string
param machinesName string
param machinesPrincipalId string
param imagesName string
param storageName string
param hubStorageName string

var definitions = 'Microsoft.Authorization/roleDefinitions'
var roles = {
  blobContributor: subscriptionResourceId(definitions, 'ba92f5b4-2d11-453d-a403-e96b0029c9fe')
  imagePull: subscriptionResourceId(definitions, '7f951dda-4ed3-4680-a7ca-43fe172d538d')
  identityOperator: subscriptionResourceId(definitions, 'f1a07417-d97a-45cb-824c-7a7467783830')
}

resource machines 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: machinesName
}

resource images 'Microsoft.ContainerRegistry/registries@2025-11-01' existing = {
  name: imagesName
}

resource hubStorage 'Microsoft.Storage/storageAccounts@2026-04-01' existing = {
  name: hubStorageName
}

resource storage 'Microsoft.Storage/storageAccounts@2026-04-01' existing = {
  name: storageName

  resource blobs 'blobServices' existing = {
    name: 'default'

    resource reports 'containers' existing = {
      name: 'reports'
    }
  }
}

// Jobs read the split and the code, and write checkpoints and metrics; deployments read the code.
resource machinesFiles 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage::blobs::reports.id, machinesPrincipalId, roles.blobContributor)
  scope: storage::blobs::reports
  properties: {
    principalId: machinesPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: roles.blobContributor
  }
}

// Jobs write the tuned model to the workspace's own store, whose container Azure ML names; deployments read it there.
resource machinesModels 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(hubStorage.id, machinesPrincipalId, roles.blobContributor)
  scope: hubStorage
  properties: {
    principalId: machinesPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: roles.blobContributor
  }
}

resource machinesImages 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(images.id, machinesPrincipalId, roles.imagePull)
  scope: images
  properties: {
    principalId: machinesPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: roles.imagePull
  }
}

// Whoever makes an endpoint that runs as an identity must be allowed to hand it out.
resource appGivesIdentity 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(machines.id, appPrincipalId, roles.identityOperator)
  scope: machines
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: roles.identityOperator
  }
}
