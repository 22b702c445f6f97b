// What training and serving on GPUs need beside the project: an identity of the machines, a registry of their images.
param token string
param location string
param tags object

// Not the app's identity: what runs on the machines may read and write files, and train or deploy nothing.
resource machines 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-tunedrop-gpu-${token}'
  location: location
  tags: tags
}

// Azure ML would make one by itself, with a password; and nobody could give the machines a role on it beforehand.
resource images 'Microsoft.ContainerRegistry/registries@2025-11-01' = {
  name: 'crtd${token}'
  location: location
  tags: tags
  sku: { name: 'Standard' }
  properties: {
    adminUserEnabled: false
    anonymousPullEnabled: false
  }
}

output identityId string = machines.id
output identityName string = machines.name
output principalId string = machines.properties.principalId
output imagesId string = images.id
output imagesName string = images.name
