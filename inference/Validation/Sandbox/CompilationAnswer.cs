namespace Larder.Inference.Validation.Sandbox;

/// <summary>How the optimised graph compares with the original.</summary>
/// <param name="IsSame">Whether all outputs agreed on at least one sample, and differed on none.</param>
/// <param name="Reason">A sentence.</param>
/// <param name="Samples">Samples that both were run on and agreed.</param>
/// <param name="LargestDifference">Between two finite floating-point elements; null when there were none.</param>
internal sealed record CompilationAnswer(bool IsSame, string Reason, int Samples, double? LargestDifference);
