namespace Larder.Orchestrations.Backup;

/// <summary>Somebody asked the job to end while one of its steps was at work.</summary>
internal sealed class JobCanceledException() : OperationCanceledException("The job is to end.");
