namespace Larder.Orchestrations.Backup;

/// <summary>A caller canceled the job while one of its steps was running.</summary>
internal sealed class JobCanceledException() : OperationCanceledException("The job is to end.");
