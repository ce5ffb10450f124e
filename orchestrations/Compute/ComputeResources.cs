namespace Larder.Orchestrations.Compute;

/// <summary>What a job asks of the machine that it runs on.</summary>
/// <param name="Image">Container image; null for the backend's default. A backend without containers refuses any.</param>
/// <param name="Cpu">Cores; null for the backend's default.</param>
/// <param name="MemoryGb">Gigabytes of memory (10^9 bytes); null for the backend's default.</param>
/// <param name="Gpu">GPUs; 0 for none.</param>
public sealed record ComputeResources(string? Image = null, double? Cpu = null, double? MemoryGb = null, int Gpu = 0);
