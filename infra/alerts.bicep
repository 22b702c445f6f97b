// What people are told to look at; docs/operations.md has a section for each.
param location string
param tags object
param insightsName string
param actionGroupId string
param topicIds array
param monthlyBudget int
param budgetBegins string
param emailAddresses array

// A query finds what is wrong: it is told when it returns more rows than `above`. What `lasts` is told once, until it is
// over; of what happens once, each is told: after the first, an alert that waits to be over would keep the next to itself.
var alerts = [
  {
    name: 'parked-run'
    severity: 1
    every: 'PT15M'
    window: 'PT15M'
    above: 0
    lasts: false
    query: 'requests | where name == "advance_run_poison"'
  }
  {
    name: 'failed-run'
    severity: 2
    every: 'PT15M'
    window: 'PT15M'
    above: 0
    lasts: false
    query: 'traces | where message matches regex @"^run \\S+: \\S+ -> failed"'
  }
  {
    name: 'proxy-errors'
    severity: 1
    every: 'PT5M'
    window: 'PT15M'
    above: 5
    lasts: true
    query: 'requests | where name startswith "chat_completions" and toint(resultCode) >= 500'
  }
  {
    name: 'content-safety-outage'
    severity: 1
    every: 'PT5M'
    window: 'PT15M'
    above: 3
    lasts: true
    query: 'traces | where message startswith "no verdict: "'
  }
  {
    name: 'timer-silent'
    severity: 1
    every: 'PT15M'
    window: 'PT15M'
    above: 0
    lasts: true
    query: 'requests | where name == "advance_runs" | summarize ticks = count() | where ticks == 0'
  }
  {
    name: 'idle-endpoint'
    severity: 3
    every: 'P1D'
    window: 'P1D'
    above: 0
    lasts: false
    query: 'traces | where message matches regex @"^run \\S+: nobody asked "'
  }
]

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource queryAlerts 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [for alert in alerts: {
  name: alert.name
  location: location
  tags: tags
  properties: {
    displayName: 'TuneDrop: ${alert.name}'
    description: 'docs/operations.md, "${alert.name}", says what it means and what to do.'
    severity: alert.severity
    enabled: true
    scopes: [insights.id]
    evaluationFrequency: alert.every
    windowSize: alert.window
    autoMitigate: alert.lasts
    criteria: {
      allOf: [
        {
          query: alert.query
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: alert.above
          failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
        }
      ]
    }
    actions: { actionGroups: [actionGroupId] }
  }
}]

resource deadLetterAlerts 'Microsoft.Insights/metricAlerts@2018-03-01' = [for topicId in topicIds: {
  name: 'dead-letters-${last(split(topicId, '/'))}'
  location: 'global'
  tags: tags
  properties: {
    description: 'docs/operations.md, "dead-letters", says what it means and what to do.'
    severity: 2
    enabled: true
    scopes: [topicId]
    evaluationFrequency: 'PT15M'
    windowSize: 'PT1H'
    autoMitigate: true
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: 'dead-letters'
          criterionType: 'StaticThresholdCriterion'
          metricName: 'DeadLetteredCount'
          timeAggregation: 'Total'
          operator: 'GreaterThan'
          threshold: 0
        }
      ]
    }
    actions: [{ actionGroupId: actionGroupId }]
  }
}]

// Training is billed by tokens and a served model by the hour: a budget hears of both, hours late.
resource budget 'Microsoft.Consumption/budgets@2024-08-01' = if (monthlyBudget > 0) {
  name: 'budget'
  properties: {
    category: 'Cost'
    amount: monthlyBudget
    timeGrain: 'Monthly'
    timePeriod: { startDate: budgetBegins }
    notifications: {
      half: { enabled: true, operator: 'GreaterThan', threshold: 50, thresholdType: 'Actual', contactEmails: emailAddresses }
      all: { enabled: true, operator: 'GreaterThan', threshold: 100, thresholdType: 'Actual', contactEmails: emailAddresses }
      soon: { enabled: true, operator: 'GreaterThan', threshold: 100, thresholdType: 'Forecasted', contactEmails: emailAddresses }
    }
  }
}
