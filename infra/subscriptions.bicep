// Who gets which event. Event Grid refuses a subscription to a function that is not there, so these come after the code.
param appName string
param storageName string
param storageTopicName string
param workspaceTopicName string
param newsTopicName string

// Most often delivered within seconds; after a day the timer has long found what an event was to tell.
var retryPolicy = { maxDeliveryAttempts: 30, eventTimeToLiveInMinutes: 1440 }
var deadLetters = {
  identity: { type: 'SystemAssigned' }
  deadLetterDestination: {
    endpointType: 'StorageBlob'
    properties: { resourceId: storage.id, blobContainerName: 'deadletters' }
  }
}

resource storage 'Microsoft.Storage/storageAccounts@2026-04-01' existing = {
  name: storageName
}

resource app 'Microsoft.Web/sites@2025-03-01' existing = {
  name: appName
}

resource storageTopic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: storageTopicName
}

resource workspaceTopic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: workspaceTopicName
}

resource newsTopic 'Microsoft.EventGrid/topics@2025-02-15' existing = {
  name: newsTopicName
}

resource datasetUploaded 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
  parent: storageTopic
  name: 'dataset-uploaded'
  properties: {
    eventDeliverySchema: 'EventGridSchema'
    destination: {
      endpointType: 'AzureFunction'
      properties: { resourceId: '${app.id}/functions/dataset_uploaded', maxEventsPerBatch: 1 }
    }
    filter: {
      includedEventTypes: ['Microsoft.Storage.BlobCreated']
      subjectBeginsWith: '/blobServices/default/containers/datasets/'
      subjectEndsWith: '.jsonl'
      // The calls after which a blob is whole; CreateFile of a data lake comes before its content.
      advancedFilters: [
        {
          operatorType: 'StringIn'
          key: 'data.api'
          values: ['PutBlob', 'PutBlockList', 'CopyBlob', 'FlushWithClose']
        }
      ]
    }
    retryPolicy: retryPolicy
    deadLetterWithResourceIdentity: deadLetters
  }
}

resource jobChanged 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
  parent: workspaceTopic
  name: 'job-changed'
  properties: {
    eventDeliverySchema: 'EventGridSchema'
    destination: {
      endpointType: 'AzureFunction'
      properties: { resourceId: '${app.id}/functions/job_changed', maxEventsPerBatch: 1 }
    }
    filter: {
      includedEventTypes: [
        'Microsoft.MachineLearningServices.RunCompleted'
        'Microsoft.MachineLearningServices.RunStatusChanged'
      ]
    }
    retryPolicy: retryPolicy
    deadLetterWithResourceIdentity: deadLetters
  }
}

resource notifyTeams 'Microsoft.EventGrid/topics/eventSubscriptions@2025-02-15' = {
  parent: newsTopic
  name: 'notify-teams'
  properties: {
    eventDeliverySchema: 'EventGridSchema'
    destination: {
      endpointType: 'AzureFunction'
      properties: { resourceId: '${app.id}/functions/notify_teams', maxEventsPerBatch: 1 }
    }
    filter: {
      includedEventTypes: ['TuneDrop.TeamsNotification']
    }
    retryPolicy: retryPolicy
    deadLetterWithResourceIdentity: deadLetters
  }
}

resource notifyEmail 'Microsoft.EventGrid/topics/eventSubscriptions@2025-02-15' = {
  parent: newsTopic
  name: 'notify-email'
  properties: {
    eventDeliverySchema: 'EventGridSchema'
    destination: {
      endpointType: 'AzureFunction'
      properties: { resourceId: '${app.id}/functions/notify_email', maxEventsPerBatch: 1 }
    }
    filter: {
      includedEventTypes: ['TuneDrop.EmailNotification']
    }
    retryPolicy: retryPolicy
    deadLetterWithResourceIdentity: deadLetters
  }
}
