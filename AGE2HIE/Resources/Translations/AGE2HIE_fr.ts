<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="fr">
 <context>
  <name>AGE2HIE</name>
  <message>
   <source>HIE Outcome (AGE2HIE)</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Devenir après EHI (AGE2HIE)</translation>
  </message>
  <message>
   <source>Reads the diffusion MRI of a newborn with hypoxic-ischemic encephalopathy: a calibrated score for an adverse outcome at two years, where in the brain the evidence lies, and whether to believe it. Research use only; the bundled model has seen synthetic newborns only.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The method follows AGE2HIE (Bao, He, Grant, Ou; arXiv 2411.05188).</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Predicting the synthetic newborn</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Test passed</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>AGE2HIE</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Synthetic newborn</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Nouveau-né synthétique</translation>
  </message>
  <message>
   <source>Infant's scan</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Examen du nouveau-né</translation>
  </message>
  <message>
   <source>Scan:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Examen :</translation>
  </message>
  <message>
   <source>Diffusion-weighted volume or ADC map in the scene. Of a node that came from DICOM its files are read.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Or from disk:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Ou depuis le disque :</translation>
  </message>
  <message>
   <source>A DICOM folder, or a file, that is not loaded. It is used in place of the scan above.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>DICOM folder or file</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Folder...</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Dossier...</translation>
  </message>
  <message>
   <source>Choose a DICOM folder.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>File...</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Fichier...</translation>
  </message>
  <message>
   <source>Choose a NIfTI, NRRD or MHA file.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Age at scan:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Âge à l'examen :</translation>
  </message>
  <message>
   <source>Days after birth, for warnings about the time of the scan. Taken from DICOM where it is there. It is not stored.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>not known</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>inconnu</translation>
  </message>
  <message>
   <source> days</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation> jours</translation>
  </message>
  <message>
   <source>Gestation at birth:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Âge gestationnel à la naissance :</translation>
  </message>
  <message>
   <source>Weeks, for warnings.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source> weeks</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation> semaines</translation>
  </message>
  <message>
   <source>Cooled:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Hypothermie :</translation>
  </message>
  <message>
   <source>Whether the infant was treated with hypothermia, for warnings.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Clinical variables (optional)</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Variables cliniques (facultatif)</translation>
  </message>
  <message>
   <source>Sex:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Sexe :</translation>
  </message>
  <message>
   <source>Leave what is not known. Nothing of it is kept in the scene.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Apgar at 1 minute:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Apgar à 1 minute :</translation>
  </message>
  <message>
   <source>Apgar at 5 minutes:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Apgar à 5 minutes :</translation>
  </message>
  <message>
   <source>Apgar at 10 minutes:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Apgar à 10 minutes :</translation>
  </message>
  <message>
   <source>pH of cord blood:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>pH du sang de cordon :</translation>
  </message>
  <message>
   <source>Base deficit:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Déficit de base :</translation>
  </message>
  <message>
   <source>Sarnat grade:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Grade de Sarnat :</translation>
  </message>
  <message>
   <source>Seizures before the scan:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Convulsions avant l'examen :</translation>
  </message>
  <message>
   <source>Birth weight:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Poids de naissance :</translation>
  </message>
  <message>
   <source>Head circumference at birth:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Périmètre crânien à la naissance :</translation>
  </message>
  <message>
   <source>Optional: z-map, mask, T1, T2, DICOM series</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Facultatif : carte z, masque, T1, T2, série DICOM</translation>
  </message>
  <message>
   <source>Released z-map:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Carte z publiée :</translation>
  </message>
  <message>
   <source>Deviation from normal ADC on the scan's grid, in place of the computed one.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Brain mask:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Masque cérébral :</translation>
  </message>
  <message>
   <source>Brain mask on the scan's grid; a segmentation counts with its visible segments.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>T1 of the same infant:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>T1 du même enfant :</translation>
  </message>
  <message>
   <source>T1-weighted image of the same infant on any grid, for a model that reads it; it is aligned to the scan. Choosing another scan clears it.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Image pondérée en T1 du même enfant sur une grille quelconque, pour un modèle qui la lit ; elle est alignée sur l'examen. Choisir un autre examen vide ce champ.</translation>
  </message>
  <message>
   <source>T2 of the same infant:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>T2 du même enfant :</translation>
  </message>
  <message>
   <source>T2-weighted image of the same infant on any grid, for a model that reads it; it is aligned to the scan. Choosing another scan clears it.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Image pondérée en T2 du même enfant sur une grille quelconque, pour un modèle qui la lit ; elle est alignée sur l'examen. Choisir un autre examen vide ce champ.</translation>
  </message>
  <message>
   <source>DICOM series:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Série DICOM :</translation>
  </message>
  <message>
   <source>Which series to read where a DICOM folder holds several; 3+4 joins a b0 with a trace image. A message names them.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>the only one</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Model, atlas and settings</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Modèle, atlas et réglages</translation>
  </message>
  <message>
   <source>Model:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Modèle :</translation>
  </message>
  <message>
   <source>The bundled demonstration model, and those that were installed.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Install...</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Installer...</translation>
  </message>
  <message>
   <source>Install a model from its archive (.zip or .tar.gz).</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Model card</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Fiche du modèle</translation>
  </message>
  <message>
   <source>What the model says of itself.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Open folder</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Ouvrir le dossier</translation>
  </message>
  <message>
   <source>Where the model lies on this computer.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Delete...</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Supprimer...</translation>
  </message>
  <message>
   <source>Remove an installed model from this computer.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Cancel</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Annuler</translation>
  </message>
  <message>
   <source>End the installation; nothing of it stays.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Prevalence:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Prévalence :</translation>
  </message>
  <message>
   <source>Share of adverse outcomes among infants like this one where it was scanned: 0.45 for 45 of 100. The number is moved to it, on the assumption that nothing else differs from the cases that the model was calibrated on.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>as the model was calibrated</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Atlas:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Atlas :</translation>
  </message>
  <message>
   <source>Folder of a normative atlas. Empty: the bundled one, which is synthetic.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>bundled atlas (synthetic)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Choose an atlas folder.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Saliency method:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Méthode de saillance :</translation>
  </message>
  <message>
   <source>How the evidence is located.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Device:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Appareil :</translation>
  </message>
  <message>
   <source>Where the network runs.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Align volumes:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Aligner les volumes :</translation>
  </message>
  <message>
   <source>Whether the volumes of a raw series are aligned to the mean b0 before ADC is fitted. Aligning a scan that is still blurs it.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Earlier results:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Résultats antérieurs :</translation>
  </message>
  <message>
   <source>What happens to results that are in the scene when a new one comes.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Examine the explanation (about a minute more)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Question the saliency map: would it look the same had the network learned nothing, and does it hold under noise?</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>A GPU on another computer</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Address:</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Of a computer of your network that runs the networks (age2hie serve), https://HOST:PORT. Empty: they run here, and nothing is sent anywhere.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>none: everything stays here</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Certificate:</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>PEM file with the certificate of that computer, or of its authority. Empty: those that this system trusts.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>those that this system trusts</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Choose the certificate.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Token file:</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>File with the token of that computer. The token itself is not stored.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>file with its token</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Choose the token file.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Predict outcome</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Prédire le devenir</translation>
  </message>
  <message>
   <source>Choose a scan.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Choisissez un examen.</translation>
  </message>
  <message>
   <source>Check only</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Vérifier seulement</translation>
  </message>
  <message>
   <source>Ask the quality gate whether this scan can be read, without making a number.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>End the prediction; the scene stays as it is.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Details...</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Détails...</translation>
  </message>
  <message>
   <source>What the worker said.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Copy report</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Copier le rapport</translation>
  </message>
  <message>
   <source>A text for whoever is asked for help: error code, versions and stage; no name, no identifier, no file name.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Result</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Résultat</translation>
  </message>
  <message>
   <source>Correct the lesion...</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Corriger la lésion...</translation>
  </message>
  <message>
   <source>Draw on it in the Segment Editor; volumes and scores follow when you are back here.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Back to the computed lesion</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Revenir à la lésion calculée</translation>
  </message>
  <message>
   <source>Take back what was drawn.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Predict all the same...</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Warnings keep the number back. You can have it in spite of them; the result will say so.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>What the model has seen, what it is for, and how good it is.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Open report</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Ouvrir le rapport</translation>
  </message>
  <message>
   <source>The whole report in the web browser.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Export...</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Exporter...</translation>
  </message>
  <message>
   <source>Write the result as files into a folder.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Members</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Membres</translation>
  </message>
  <message>
   <source>Show the score of each member of the ensemble as a chart.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Report as PDF...</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Rapport en PDF...</translation>
  </message>
  <message>
   <source>Report as DICOM...</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Rapport en DICOM...</translation>
  </message>
  <message>
   <source>Structured report, segmentations and maps for the study of a scan that came from DICOM. They hold the patient's name, as the scan does.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Regions, the most affected first</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Régions, les plus atteintes d'abord</translation>
  </message>
  <message>
   <source>Click a row to see the region.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Injury scores, item by item</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Scores lésionnels, point par point</translation>
  </message>
  <message>
   <source>Checks</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Contrôles</translation>
  </message>
  <message>
   <source>Where the number comes from</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>D'où vient le chiffre</translation>
  </message>
  <message>
   <source>Views</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Vues</translation>
  </message>
  <message>
   <source>Over the ADC:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Sur l'ADC :</translation>
  </message>
  <message>
   <source>What is shown in colour over the ADC (Ctrl+Shift+L changes it).</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Threshold:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Seuil :</translation>
  </message>
  <message>
   <source>Evidence below this share of the map's peak is not shown.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source> %</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Opacity:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Opacité :</translation>
  </message>
  <message>
   <source>Of the saliency over the ADC.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Colours:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Couleurs :</translation>
  </message>
  <message>
   <source>Colour map of the saliency.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Atlas outline over the scan: does the placement fit?</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Contour de l'atlas sur l'examen : l'ajustement convient-il ?</translation>
  </message>
  <message>
   <source>Show overlay</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Afficher la superposition</translation>
  </message>
  <message>
   <source>Saliency over the ADC in all slice views.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Side by side</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Côte à côte</translation>
  </message>
  <message>
   <source>Saliency and deviation from normal in two linked axial views.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Blink</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Clignoter</translation>
  </message>
  <message>
   <source>Show and hide the colours in turn (Ctrl+Shift+B); Ctrl+Shift+O shows or hides them once.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Next place</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Endroit suivant</translation>
  </message>
  <message>
   <source>Go to the next lesion, or, where there is none, the next place of strong evidence (Ctrl+Shift+N).</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Compare explanations</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Comparer les explications</translation>
  </message>
  <message>
   <source>Methods:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Méthodes :</translation>
  </message>
  <message>
   <source>Two to six ways to locate the evidence.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Evidence for:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Indices pour :</translation>
  </message>
  <message>
   <source>Which outcome the maps are to explain.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Compare</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Comparer</translation>
  </message>
  <message>
   <source>Predict first.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>End the comparison; the scene stays as it is.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Shown:</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The comparisons of this result.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Strongest:</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>So much of each map's evidence is shown, strongest first, in all views.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Of the maps over the ADC.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Show side by side</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>A linked axial view a map, with one colour scale.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Ordinary views</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Back to the views that were shown before.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The share of each map's evidence that lies in a region, in per cent.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Evaluate against a reference</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Évaluer par rapport à une référence</translation>
  </message>
  <message>
   <source>Reference:</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Référence :</translation>
  </message>
  <message>
   <source>A lesion that somebody has drawn: a segmentation with its visible segments, or a mask on the scan's grid.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Evaluate</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Évaluer</translation>
  </message>
  <message>
   <source>Overlap, volumes and distances of the lesion shown and the reference, and the evidence inside it.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Check this computer</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Vérifier cet ordinateur</translation>
  </message>
  <message>
   <source>Check</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Contrôle</translation>
  </message>
  <message>
   <source>Slicer, Python, packages, torch, graphics card, memory and disk.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Install from a folder...</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Installer depuis un dossier...</translation>
  </message>
  <message>
   <source>For a computer without network: packages, torch among them, from a folder of .whl files.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.archiveSection</name>
  <message>
   <source>Printing...</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Impression...</translation>
  </message>
  <message>
   <source>Writing DICOM objects...</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Écriture des objets DICOM...</translation>
  </message>
  <message>
   <source>Report as PDF</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>PDF files (*.pdf)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Folder for the DICOM objects</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The whole report as a PDF file, A4.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Le rapport entier en fichier PDF, A4.</translation>
  </message>
  <message>
   <source>This Slicer has no web engine. Open the report in the browser and print it there.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>This scan did not come from DICOM, so nobody knows its study.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Cet examen ne vient pas de DICOM ; son étude est inconnue.</translation>
  </message>
  <message>
   <source>Load the DICOM series and predict that.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Chargez la série DICOM et lancez la prédiction sur elle.</translation>
  </message>
  <message>
   <source>Choose another file, or open the report in the browser and print it there.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Choose another folder or scan.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Written: {name}</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Écrit : {name}</translation>
  </message>
  <message>
   <source>It holds the computed lesion, not the corrected one.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Il contient la lésion calculée, non la lésion corrigée.</translation>
  </message>
  <message>
   <source>Choose another folder.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The report was not printed: {problem}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>the worker gave no answer</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The computed lesion in the scene cannot be read.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.checkPhrases</name>
  <message>
   <source>modality and unit</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>modalité et unité</translation>
  </message>
  <message>
   <source>voxel size</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>taille des voxels</translation>
  </message>
  <message>
   <source>brain volume</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>volume cérébral</translation>
  </message>
  <message>
   <source>largest cut through the brain</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>plus grande coupe à travers le cerveau</translation>
  </message>
  <message>
   <source>voxels missing in a slice</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>voxels manquants dans une coupe</translation>
  </message>
  <message>
   <source>voxels without a value</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>voxels sans valeur</translation>
  </message>
  <message>
   <source>voxels with an implausible ADC</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>voxels à ADC invraisemblable</translation>
  </message>
  <message>
   <source>median ADC of the brain</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>ADC médian du cerveau</translation>
  </message>
  <message>
   <source>striping between slices</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>stries entre les coupes</translation>
  </message>
  <message>
   <source>step between slices</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>saut entre les coupes</translation>
  </message>
  <message>
   <source>signal lost in a slice of one volume</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>signal perdu dans une coupe d'un volume</translation>
  </message>
  <message>
   <source>signal of one volume beside its shell</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>signal d'un volume par rapport à ceux de sa valeur b</translation>
  </message>
  <message>
   <source>postnatal age</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>âge postnatal</translation>
  </message>
  <message>
   <source>brain mask beside the one found</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>masque cérébral par rapport à celui trouvé</translation>
  </message>
  <message>
   <source>brain found in the ADC map alone</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>cerveau trouvé dans la seule carte ADC</translation>
  </message>
  <message>
   <source>ADC of fluid</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>ADC du liquide</translation>
  </message>
  <message>
   <source>distance from the training cases</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>distance aux cas d'entraînement</translation>
  </message>
  <message>
   <source>field of view</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>champ de vue</translation>
  </message>
  <message>
   <source>overlap with the atlas brain</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>recouvrement avec le cerveau de l'atlas</translation>
  </message>
  <message>
   <source>stretch of the placement</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>étirement lors du placement</translation>
  </message>
  <message>
   <source>similarity to the atlas</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>ressemblance avec l'atlas</translation>
  </message>
  <message>
   <source>folding of the placement</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>repliement lors du placement</translation>
  </message>
  <message>
   <source>fine detail shared by z-map and ADC</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>détails fins communs à la carte z et à l'ADC</translation>
  </message>
  <message>
   <source>change of ADC where z changes by 1</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>variation de l'ADC quand z varie de 1</translation>
  </message>
  <message>
   <source>The values are not those of an ADC map. Choose the ADC map or the raw diffusion series.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Les valeurs ne sont pas celles d'une carte ADC. Choisissez la carte ADC ou la série de diffusion brute.</translation>
  </message>
  <message>
   <source>The signal is missing in part of the brain. Look at the raw volumes, or use another series.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Le signal manque dans une partie du cerveau. Regardez les volumes bruts ou prenez une autre série.</translation>
  </message>
  <message>
   <source>The map is noisy or not an ADC map. Fit it from the raw series, or use another scan.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>La carte est bruitée ou n'est pas une carte ADC. Calculez-la à partir de la série brute ou prenez un autre examen.</translation>
  </message>
  <message>
   <source>Is this a newborn's ADC map? Adults' is lower.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Est-ce la carte ADC d'un nouveau-né ? Celle de l'adulte est plus basse.</translation>
  </message>
  <message>
   <source>Check the header's spacing, or use a scan with thinner slices.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Vérifiez l'espacement dans l'en-tête ou prenez un examen à coupes plus fines.</translation>
  </message>
  <message>
   <source>Is this a newborn's whole brain? Give a brain mask with --mask.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Est-ce le cerveau entier d'un nouveau-né ? Donnez un masque cérébral avec --mask.</translation>
  </message>
  <message>
   <source>Skull or scalp may lie in the brain mask. Look at the outline; give a brain mask with --mask, a skull-stripped ADC map, or the raw series.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Le crâne ou le scalp peut se trouver dans le masque cérébral. Regardez le contour ; donnez un masque avec --mask, une carte ADC sans crâne ou la série brute.</translation>
  </message>
  <message>
   <source>Is the map's scale right (unit, b-value)? Compare fluid in the ventricles: about 3000. Override this if the scale is right.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>L'échelle de la carte est-elle juste (unité, valeur de b) ? Comparez le liquide des ventricules : environ 3000. Passez outre si l'échelle est juste.</translation>
  </message>
  <message>
   <source>Part of the brain is missing. Use a scan that holds all of it, or give a brain mask with --mask.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Une partie du cerveau manque. Prenez un examen qui le contient en entier ou donnez un masque cérébral avec --mask.</translation>
  </message>
  <message>
   <source>Low ADC may have returned to normal, so that injury is missed. Use an earlier scan, or other sequences.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Un ADC bas peut être redevenu normal, de sorte qu'une lésion échappe. Prenez un examen plus précoce ou d'autres séquences.</translation>
  </message>
  <message>
   <source>A slice has lost its signal, or the file is not whole. Use another series.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Une coupe a perdu son signal, ou le fichier est incomplet. Prenez une autre série.</translation>
  </message>
  <message>
   <source>The infant moved while a slice was taken, or its signal failed. Look at the raw volumes, and leave the damaged one out or use another series.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>L'enfant a bougé pendant une coupe, ou son signal a fait défaut. Regardez les volumes bruts et écartez celui qui est altéré, ou prenez une autre série.</translation>
  </message>
  <message>
   <source>One volume is far brighter or darker than the others of its b-value: it may have another b-value than is stated, or another gain. Look at the raw volumes; leave it out, or correct the b-values.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Un volume est bien plus clair ou plus sombre que les autres de sa valeur b : il peut avoir une autre valeur b que celle indiquée, ou un autre gain. Regardez les volumes bruts ; écartez-le ou corrigez les valeurs b.</translation>
  </message>
  <message>
   <source>The infant moved, or the signal failed in some slices. Look at the raw volumes; use another series.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>L'enfant a bougé, ou le signal a fait défaut dans certaines coupes. Regardez les volumes bruts ; prenez une autre série.</translation>
  </message>
  <message>
   <source>The scan does not hold the whole brain.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>L'examen ne contient pas le cerveau entier.</translation>
  </message>
  <message>
   <source>Look at the brain mask over the scan; placement in {atlas} failed or the brain is not whole.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Regardez le masque cérébral sur l'examen ; le placement dans {atlas} a échoué ou le cerveau n'est pas entier.</translation>
  </message>
  <message>
   <source>Mirrored front to back the scan would resemble the atlas more: its header may be wrong. Convert it again from the DICOM files.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The z-map is turned round, or of another scan. Give the one of this scan in its own orientation, or leave --z-adc out: one is made from the atlas.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>La carte z est retournée ou provient d'un autre examen. Donnez celle de cet examen dans sa propre orientation, ou laissez --z-adc : une carte est faite à partir de l'atlas.</translation>
  </message>
  <message>
   <source>The z-map is not in standard deviations: it may have been multiplied when it was saved. Give it as it was made, or leave --z-adc out: one is made from the atlas.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>La carte z n'est pas en écarts types : elle a pu être multipliée à l'enregistrement. Donnez-la telle qu'elle a été faite, ou laissez --z-adc : une carte est faite à partir de l'atlas.</translation>
  </message>
  <message>
   <source>Look at the mask over the scan. Override this if it lies on the brain: then the one found is wrong.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Regardez le masque sur l'examen. Passez outre s'il recouvre le cerveau : c'est alors celui trouvé qui est faux.</translation>
  </message>
  <message>
   <source>The network sees what its training cases had not. Look at the scan; do not rely on the number.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Le réseau voit ce que ses cas d'entraînement n'avaient pas. Regardez l'examen ; ne vous fiez pas au nombre.</translation>
  </message>
  <message>
   <source>at most {limit}; refused over {refused}</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>au plus {limit} ; refusé au-delà de {refused}</translation>
  </message>
  <message>
   <source>at most {limit}</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>au plus {limit}</translation>
  </message>
  <message>
   <source>at least {limit}</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>au moins {limit}</translation>
  </message>
  <message>
   <source>{low} to {high} mm along every axis</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>{low} à {high} mm selon chaque axe</translation>
  </message>
  <message>
   <source>an ADC map in 1e-6 mm2/s, 1e-3 mm2/s or mm2/s, or diffusion-weighted volumes</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>une carte ADC en 1e-6 mm2/s, 1e-3 mm2/s ou mm2/s, ou des volumes pondérés en diffusion</translation>
  </message>
  <message>
   <source>{low} to {high} ml</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>{low} à {high} ml</translation>
  </message>
  <message>
   <source>{low} to {high} 1e-6 mm2/s</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>{low} à {high} 1e-6 mm2/s</translation>
  </message>
  <message>
   <source>before day {day}; {treatment}</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>avant le jour {day} ; {treatment}</translation>
  </message>
  <message>
   <source>not before day {day}; {treatment}</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>pas avant le jour {day} ; {treatment}</translation>
  </message>
  <message>
   <source>before day {day}</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>avant le jour {day}</translation>
  </message>
  <message>
   <source>cooled</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>refroidi</translation>
  </message>
  <message>
   <source>not cooled</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>non refroidi</translation>
  </message>
  <message>
   <source>cooled or not is not known</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>refroidissement inconnu</translation>
  </message>
  <message>
   <source>fitted from diffusion-weighted volumes</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>calculé à partir de volumes pondérés en diffusion</translation>
  </message>
  <message>
   <source>none known</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>aucune connue</translation>
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.checkTexts</name>
  <message>
   <source>Only the quality gate was asked; click 'Predict outcome' for a number.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Predict in spite of these warnings? The result will say that you did.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>This scan can be read</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Cet examen peut être lu</translation>
  </message>
  <message>
   <source>A warning would keep the number back</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>This scan would be refused</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Cet examen serait refusé</translation>
  </message>
  <message>
   <source>Only the quality gate was asked; no number was made.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>overridden</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>outrepassé</translation>
  </message>
  <message>
   <source>{count} of {of} checks passed</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>{count} contrôles sur {of} réussis</translation>
  </message>
  <message>
   <source>WARNING</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>AVERTISSEMENT</translation>
  </message>
  <message>
   <source>NOT PASSED</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>NON RÉUSSI</translation>
  </message>
  <message>
   <source>Check</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Contrôle</translation>
  </message>
  <message>
   <source>Verdict</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Verdict</translation>
  </message>
  <message>
   <source>Value</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Valeur</translation>
  </message>
  <message>
   <source>Limit, and what to do</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Limite, et que faire</translation>
  </message>
  <message>
   <source>&lt;b&gt;{name}&lt;/b&gt;{overridden}: {value} (must be: {limit}). {remedy}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>passed</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>réussi</translation>
  </message>
  <message>
   <source>, overridden</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>And {count} more, first in the table.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>not known</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>inconnu</translation>
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.chosenInput</name>
  <message>
   <source>The scan was removed while it was predicted.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Choose another one.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Choisissez-en un autre.</translation>
  </message>
  <message>
   <source>The scan was changed while it was predicted.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Predict it again.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.clinicalSection</name>
  <message>
   <source>not known</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>inconnu</translation>
  </message>
  <message>
   <source>girl</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>fille</translation>
  </message>
  <message>
   <source>boy</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>garçon</translation>
  </message>
  <message>
   <source>yes</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>oui</translation>
  </message>
  <message>
   <source>no</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>non</translation>
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.clinicalTexts</name>
  <message>
   <source>&lt;b&gt;With clinical variables ({count} given): {score:.2f}&lt;/b&gt; (90 % interval {low:.2f}-{high:.2f}); by the image alone {image:.2f}.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>&lt;b&gt;Avec les variables cliniques ({count} données) : {score:.2f}&lt;/b&gt; (intervalle à 90 % {low:.2f}-{high:.2f}) ; par l'image seule {image:.2f}.</translation>
  </message>
  <message>
   <source>image {logit}</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>image {logit}</translation>
  </message>
  <message>
   <source>In log-odds, above 0 raises the number: {parts}.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>En log-odds, au-dessus de 0 augmente le chiffre : {parts}.</translation>
  </message>
  <message>
   <source>{name} {logit}</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>{name} {logit}</translation>
  </message>
  <message>
   <source>{name}, not known, {logit}</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>{name}, inconnu, {logit}</translation>
  </message>
  <message>
   <source>Gestational age at birth</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Âge gestationnel à la naissance</translation>
  </message>
  <message>
   <source>Sex</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Sexe</translation>
  </message>
  <message>
   <source>Apgar score at 1 minute</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Score d'Apgar à 1 minute</translation>
  </message>
  <message>
   <source>Apgar score at 5 minutes</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Score d'Apgar à 5 minutes</translation>
  </message>
  <message>
   <source>Apgar score at 10 minutes</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Score d'Apgar à 10 minutes</translation>
  </message>
  <message>
   <source>pH of cord blood</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>pH du sang de cordon</translation>
  </message>
  <message>
   <source>Base deficit</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Déficit de base</translation>
  </message>
  <message>
   <source>Sarnat grade</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Grade de Sarnat</translation>
  </message>
  <message>
   <source>Seizures before the scan</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Convulsions avant l'examen</translation>
  </message>
  <message>
   <source>Therapeutic hypothermia</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Hypothermie thérapeutique</translation>
  </message>
  <message>
   <source>Age at the scan</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Âge à l'examen</translation>
  </message>
  <message>
   <source>Birth weight</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Poids de naissance</translation>
  </message>
  <message>
   <source>Head circumference at birth</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Périmètre crânien à la naissance</translation>
  </message>
  <message>
   <source>others ({count}) less than 0.05 each</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>autres ({count}) moins de 0.05 chacune</translation>
  </message>
  <message>
   <source>{low} to {high} {unit}</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>{low} à {high} {unit}</translation>
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.command</name>
  <message>
   <source>PythonSlicer was not found on the path of this Slicer: install Slicer again.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.compareSection</name>
  <message>
   <source>Predict this scan first: a comparison belongs to a result.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Choose two to {most} methods; {count} are chosen.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The comparison in the scene cannot be read: {error}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Compare again.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.comparison</name>
  <message>
   <source>{title}, map</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{title}, agreement of members</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Agreement of methods</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>for an adverse outcome</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>for a favourable outcome</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Evidence by region</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>its ADC is not the result's</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Comparison ({target})</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Comparison of explanations ({target})</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{name} is not on the grid of the result</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.comparisonDisplay</name>
  <message>
   <source>Agreement</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>AGE2HIE comparison colours</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>agreement</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>standing</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.correctionSection</name>
  <message>
   <source>Measures of the corrected lesion</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The scene does not hold all that a lesion is measured on.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Predict again.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Prédisez à nouveau.</translation>
  </message>
  <message>
   <source>Draw a lesion, or go back to the computed one.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Correct the lesion further, or go back to the computed one.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>the worker gave no answer</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The computed lesion cannot be read: {error}</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.diskSection</name>
  <message>
   <source>DICOM folder</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Scan</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.display</name>
  <message>
   <source>evidence</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>AGE2HIE z-map colours</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>AGE2HIE saliency colours</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>standard deviations</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.doctorSection</name>
  <message>
   <source>Looking...</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Vérification...</translation>
  </message>
  <message>
   <source>Installing from the folder...</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Folder of packages (.whl files)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Cancelled.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Annulé.</translation>
  </message>
  <message>
   <source>The check gave no answer.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.elsewhereSection</name>
  <message>
   <source>Certificate</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Token file</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.findingTexts</name>
  <message>
   <source>&lt;i&gt;Corrected by you in this scene; the saved report keeps the computed lesion.&lt;/i&gt;</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Measuring the corrected lesion...</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>strongest evidence of this map</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>&lt;i&gt;Computed from diffusion alone, not read by a radiologist.&lt;/i&gt;</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>&lt;i&gt;Calculé à partir de la diffusion seule, non lu par un radiologue.&lt;/i&gt;</translation>
  </message>
  <message>
   <source>A small or shallow lesion may be missed.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Une lésion petite ou peu marquée peut échapper.</translation>
  </message>
  <message>
   <source>&lt;b&gt;Lesion: {ml} ml, {share} of the brain&lt;/b&gt; (90 % interval {low} to {high}), {side}.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>&lt;b&gt;Lésion : {ml} ml, {share} du cerveau&lt;/b&gt; (intervalle à 90 % de {low} à {high}), {side}.</translation>
  </message>
  <message>
   <source>{ml} ml, the largest part in {place}</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>{ml} ml, surtout dans {place}</translation>
  </message>
  <message>
   <source>&lt;b&gt;{title}: {value}&lt;/b&gt; ({range}). {meaning}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Item</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Point</translation>
  </message>
  <message>
   <source>Answer</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Réponse</translation>
  </message>
  <message>
   <source>Rests on</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Repose sur</translation>
  </message>
  <message>
   <source>Regions and sides that hold most of the lesion, with its volume and their share.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{place}: {ml} ml ({share})</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>ADC {adc}, {z} standard deviations from normal</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{share} of the map's evidence</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>&lt;b&gt;No lesion was found&lt;/b&gt; ({meaning}).</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>&lt;b&gt;Aucune lésion trouvée&lt;/b&gt; ({meaning}).</translation>
  </message>
  <message>
   <source>Largest: {places}</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Les plus grandes : {places}</translation>
  </message>
  <message>
   <source>on the left</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>à gauche</translation>
  </message>
  <message>
   <source>on the right</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>à droite</translation>
  </message>
  <message>
   <source>on both sides</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>des deux côtés</translation>
  </message>
  <message>
   <source>&lt;b&gt;{title}: {value}&lt;/b&gt;. {meaning}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>&lt;b&gt;{title}&lt;/b&gt;: not computed. {meaning}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Of {range}. Cannot see: {what}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{number} of {of}: {words}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>With looser limits {share} of the brain would be marked.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Avec des limites plus larges, {share} du cerveau serait marqué.</translation>
  </message>
  <message>
   <source>not computed</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.inputs</name>
  <message>
   <source>A segmentation as brain mask needs an input in the scene, whose grid it is drawn on.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Scan from disk {mark}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>'{name}' holds no image. Choose another volume.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>'{name}' cannot be written as a temporary file. Free some disk space.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>'{name}' has no visible segment. Show the brain's segment.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.install</name>
  <message>
   <source>Check the network. Without one, fetch the packages elsewhere into a folder, and choose it below 'Check this computer' with 'Install from a folder...'.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>PyTorch is missing or older than this module needs.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Install the extension 'PyTorch' with the Extensions Manager, restart Slicer, and click again. Without network choose a folder of packages below 'Check this computer'.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>PyTorch was not installed.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Click again and accept.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The packages were not installed.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Missing packages: {names}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>pip could not install the packages (it ended with {code}).</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.lesion</name>
  <message>
   <source>The lesion has no segment.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Lesion</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Lésion</translation>
  </message>
  <message>
   <source>{title} lesion</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The placement in the scene cannot be read.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{title} computed lesion</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{title} placement</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{name} is not on the grid of adc.nii.gz</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.library</name>
  <message>
   <source>{library} lies neither in {folder} nor in {parent}: install AGE2HIE again.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.logic</name>
  <message>
   <source>the maps explain another number than the result's, since the settings were changed</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>the record and the worker's exit code contradict each other</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The result cannot be read: {error}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Try again; if it happens again, report it.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Réessayez ; si cela se reproduit, signalez-le.</translation>
  </message>
  <message>
   <source>The comparison cannot be read: {error}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Predict again, then compare; or report it.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.messageSection</name>
  <message>
   <source>Code {code}</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Code {code}</translation>
  </message>
  <message>
   <source>AGE2HIE</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.modelSection</name>
  <message>
   <source>Model archive</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Model archives (*.zip *.tar.gz *.tgz)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Install AGE2HIE again.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Installez de nouveau AGE2HIE.</translation>
  </message>
  <message>
   <source>The model was not installed.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The model {title} is not installed here.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The model was not deleted.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.modelTexts</name>
  <message>
   <source>SYNTHETIC: this model has seen no child.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>SYNTHÉTIQUE : ce modèle n'a vu aucun enfant.</translation>
  </message>
  <message>
   <source>Trained on</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Entraîné sur</translation>
  </message>
  <message>
   <source>Intended use</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Usage prévu</translation>
  </message>
  <message>
   <source>Predicts</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Reads</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Licence</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Licence</translation>
  </message>
  <message>
   <source>Size</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Taille</translation>
  </message>
  <message>
   <source>Delete the model {title} from this computer? Results that were made with it stay.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>&lt;b&gt;{title}&lt;/b&gt; cannot be used: {problem}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>none given</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{size:.1f} MB, on this computer since {date}</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.nodes</name>
  <message>
   <source>{name} cannot be written</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.outline</name>
  <message>
   <source>AGE2HIE outline colours</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.parameters</name>
  <message>
   <source>automatic</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>CPU</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>NVIDIA graphics card</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Apple graphics</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>not known</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>inconnu</translation>
  </message>
  <message>
   <source>yes</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>oui</translation>
  </message>
  <message>
   <source>no</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>non</translation>
  </message>
  <message>
   <source>HiResCAM (default)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Grad-CAM</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Grad-CAM++</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>LayerCAM</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Integrated gradients</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Integrated gradients with SmoothGrad (minutes)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Occlusion (minutes)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Tolerated noise (minutes)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>an adverse outcome</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>a favourable outcome</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>only where they moved</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>always</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>never</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>replace them</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>keep them</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>evidence for an adverse outcome</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>indices d'un devenir défavorable</translation>
  </message>
  <message>
   <source>deviation from normal newborns</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>écart aux nouveau-nés sains</translation>
  </message>
  <message>
   <source>nothing</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>rien</translation>
  </message>
  <message>
   <source>red to yellow</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>blue to white</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>green</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.printing</name>
  <message>
   <source>The web engine could not open the report.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The web engine could not print the report.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The web engine did not answer.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.protocol</name>
  <message>
   <source>Try again; if it happens again, report it with the details.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Often the memory ran out: close other programs and try again.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The worker was cancelled from outside.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Start it again when ready.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The worker ended without saying that it has a result.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The worker says that it has a result, but there is none.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Open 'Check this computer' below, then try again.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The worker ended with code {code}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The worker said something that cannot be read: {text}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The input cannot be used.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>See the details.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The worker ended without an answer.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The worker was ended by signal {number}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>A Python package that is needed is missing: {line}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>an empty line</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>a line that does not end</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.ready</name>
  <message>
   <source>Choose another scan, or free some disk space.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.referenceSection</name>
  <message>
   <source>mean distance of the surfaces</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>95th percentile of it</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>largest distance (Hausdorff)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Dice</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>lesion</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>reference</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>evidence inside the reference</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>by chance</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Measure</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Value</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Valeur</translation>
  </message>
  <message>
   <source>{ml} ml</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The mask does not lie on the scan's grid.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Choose another reference.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{mm} mm</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>'{name}' does not lie on the scan's grid. Resample it.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.regionTexts</name>
  <message>
   <source>Lesion</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Lésion</translation>
  </message>
  <message>
   <source>Volume of lesions in the region, and the part of it that is lesion.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Low</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Bas</translation>
  </message>
  <message>
   <source>Part of the tissue more than two standard deviations below normal.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>left</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>gauche</translation>
  </message>
  <message>
   <source>right</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>droite</translation>
  </message>
  <message>
   <source>middle</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>médian</translation>
  </message>
  <message>
   <source>both sides</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>des deux côtés</translation>
  </message>
  <message>
   <source>none</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>frontal cortex</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>cortex frontal</translation>
  </message>
  <message>
   <source>parietal cortex</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>cortex pariétal</translation>
  </message>
  <message>
   <source>temporal cortex</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>cortex temporal</translation>
  </message>
  <message>
   <source>occipital cortex</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>cortex occipital</translation>
  </message>
  <message>
   <source>frontal white matter</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>substance blanche frontale</translation>
  </message>
  <message>
   <source>parietal white matter</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>substance blanche pariétale</translation>
  </message>
  <message>
   <source>temporal white matter</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>substance blanche temporale</translation>
  </message>
  <message>
   <source>occipital white matter</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>substance blanche occipitale</translation>
  </message>
  <message>
   <source>thalamus</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>thalamus</translation>
  </message>
  <message>
   <source>lentiform nucleus</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>noyau lenticulaire</translation>
  </message>
  <message>
   <source>caudate nucleus</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>noyau caudé</translation>
  </message>
  <message>
   <source>internal capsule, posterior limb</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>capsule interne, bras postérieur</translation>
  </message>
  <message>
   <source>internal capsule, anterior limb</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>capsule interne, bras antérieur</translation>
  </message>
  <message>
   <source>cerebellum</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>cervelet</translation>
  </message>
  <message>
   <source>lateral ventricle</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>ventricule latéral</translation>
  </message>
  <message>
   <source>brainstem</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>tronc cérébral</translation>
  </message>
  <message>
   <source>third and fourth ventricle</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>troisième et quatrième ventricules</translation>
  </message>
  <message>
   <source>cerebrospinal fluid</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>liquide cérébrospinal</translation>
  </message>
  <message>
   <source>corpus callosum</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>corps calleux</translation>
  </message>
  <message>
   <source>Region</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Région</translation>
  </message>
  <message>
   <source>Left and right are the patient's.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>ADC</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Median ADC of the tissue, without fluid, in 1e-6 mm2/s.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>vs normal</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>vs normale</translation>
  </message>
  <message>
   <source>How far the median lies from healthy newborns', in standard deviations; below -2 is unusual.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>vs other side</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>vs autre côté</translation>
  </message>
  <message>
   <source>Median ADC against the same region of the other side; negative: it is lower here.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Evidence</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Indices</translation>
  </message>
  <message>
   <source>Part of the map's evidence for an adverse outcome that lies here.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{ml} ml, {share}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{region}, {side}</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.resultSection</name>
  <message>
   <source>Folder for the result's files</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The result was not exported to {folder}: {error}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Choose another folder.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.run</name>
  <message>
   <source>cancelling</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The worker cannot be started: {error}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The worker said nothing for {minutes:.0f} minutes and was ended.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Install AGE2HIE again.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Installez de nouveau AGE2HIE.</translation>
  </message>
  <message>
   <source>Try again; if it happens again, choose the device 'CPU'.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.runs</name>
  <message>
   <source>The answer cannot be read: {error}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Try again; if it happens again, report it.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Réessayez ; si cela se reproduit, signalez-le.</translation>
  </message>
  <message>
   <source>The result was removed meanwhile.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Predict again.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Prédisez à nouveau.</translation>
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.scene</name>
  <message>
   <source>member</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>score</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>low</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>high</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Score of each member, and the 90 % interval</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{title} members</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{title} chart</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{title} result</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{title} outline</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>AGE2HIE: {title}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{title} regions</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{name} is not on the grid of adc.nii.gz</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{title} report</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.state</name>
  <message>
   <source>Choose a scan, or a DICOM folder or file.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Choisissez un examen, un dossier DICOM ou un fichier.</translation>
  </message>
  <message>
   <source>The model cannot be used: choose or install another one.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>A prediction is running.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Une prédiction est en cours.</translation>
  </message>
  <message>
   <source>A check is running.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Un contrôle est en cours.</translation>
  </message>
  <message>
   <source>A comparison is running.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The lesion is measured.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The folder or file does not exist: {path}</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.texts</name>
  <message>
   <source>&lt;b&gt;Research use only.&lt;/b&gt; Not a medical device; not for clinical decisions.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>&lt;b&gt;Recherche uniquement.&lt;/b&gt; N'est pas un dispositif médical ; pas pour des décisions cliniques.</translation>
  </message>
  <message>
   <source>&lt;b&gt;Scans leave this computer:&lt;/b&gt; the voxels of the brain go to {host}, without name, date or header.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Probability of an adverse outcome at two years</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Probabilité d'un devenir défavorable à deux ans</translation>
  </message>
  <message>
   <source>Colours mean the same in every view: how strong a place is within its own map, from 0 to the peak, 1. A place at 0.8 is among those that hold the strongest 20 % of the map's evidence. In the last view: the part of the maps that show a place.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Demonstration score</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Score de démonstration</translation>
  </message>
  <message>
   <source>no number</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>pas de chiffre</translation>
  </message>
  <message>
   <source>Synthetic infants that the model had not seen: blue, {favourable} without, orange, {adverse} with harm.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Infants that the model had not seen: blue, {favourable} favourable, orange, {adverse} adverse outcomes.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Reading: adverse. Such a score is unusual with a favourable outcome; the report says how far.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Reading: favourable. Such a score is unusual with an adverse outcome; the report says how far.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Reading: indeterminate. The score does not decide; the report says what that means.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The model has seen synthetic data only. This number says nothing about any child.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Le modèle n'a vu que des données synthétiques. Ce chiffre ne dit rien d'aucun enfant.</translation>
  </message>
  <message>
   <source>cannot be had</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>prevalence of the calibration</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>prevalence given</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>model</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>trained on</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>intended use</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>model SHA-256</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>atlas</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>input</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>input SHA-256</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>software</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>device</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>appareil</translation>
  </message>
  <message>
   <source>seconds</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Withheld because of a warning</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Retenu à cause d'un avertissement</translation>
  </message>
  <message>
   <source>Refused by the quality gate</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Refusé par le contrôle de qualité</translation>
  </message>
  <message>
   <source>{score:.2f}  (90 % interval {low:.2f}-{high:.2f})</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>{score:.2f}  (intervalle à 90 % {low:.2f}-{high:.2f})</translation>
  </message>
  <message>
   <source>The result has no label that this version knows.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The number is for a prevalence of {given:.3g}, which was given; the model was calibrated at {calibrated:.3g}. It holds if nothing but the prevalence differs.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{method}, computed on cells of {cells:.0f} mm. Colours reach from no evidence to the strongest place of this map (value {peak:.2g}), so two scans' colours do not compare; only what speaks for an adverse outcome is coloured.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>&lt;b&gt;Do not rely on this map ({title}):&lt;/b&gt;</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>&lt;b&gt;{title}&lt;/b&gt;: cells of {cells:.0f} mm; where it is marked, the ensemble's networks agree to {agree}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>No probability is given. Not passed: {count} of {of} checks.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Made in spite of a warning that was overridden: {names}. {text}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{method}: this map is nowhere above zero. It names no place that speaks for an adverse outcome.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{title} was examined: all {count} figures were kept.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{meaning} ({name}: {value}; limit: {limit})</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>ADC fitted from b</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>&lt;b&gt;{title}&lt;/b&gt;: nothing speaks for this outcome.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.widget</name>
  <message>
   <source>Predict the outcome at two years. Research use only.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Locate the evidence in several ways.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Atlas folder</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The result in the scene cannot be read: {error}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Predict again.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Prédisez à nouveau.</translation>
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.workerPhrases</name>
  <message>
   <source>'{name}' does not exist.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>« {name} » n'existe pas.</translation>
  </message>
  <message>
   <source>Check the name of the input.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Vérifiez le nom de l'entrée.</translation>
  </message>
  <message>
   <source>'{name}' is empty (0 bytes).</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>« {name} » est vide (0 octet).</translation>
  </message>
  <message>
   <source>'{name}' cannot be read; it may be truncated or of another format ({size} bytes; {detail}).</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>« {name} » ne peut être lu ; le fichier est peut-être tronqué ou d'un autre format ({size} octets ; {detail}).</translation>
  </message>
  <message>
   <source>Copy or export it again.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Copiez-le ou exportez-le de nouveau.</translation>
  </message>
  <message>
   <source>The folder '{name}' is empty.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Le dossier « {name} » est vide.</translation>
  </message>
  <message>
   <source>Give the folder that holds the DICOM files.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Donnez le dossier qui contient les fichiers DICOM.</translation>
  </message>
  <message>
   <source>The folder holds {count} {what}: {choices}.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Le dossier contient {count} {what} : {choices}.</translation>
  </message>
  <message>
   <source>Name one with --series, for instance --series {series}.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Nommez-en une avec --series, par exemple --series {series}.</translation>
  </message>
  <message>
   <source>There is no DICOM series '{name}'.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Il n'y a pas de série DICOM « {name} ».</translation>
  </message>
  <message>
   <source>Found: {series}.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Trouvé : {series}.</translation>
  </message>
  <message>
   <source>DICOM {series} is incomplete: {why}.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>DICOM {series} est incomplet : {why}.</translation>
  </message>
  <message>
   <source>DICOM {series} lacks slices: {gaps}.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Il manque des coupes à DICOM {series} : {gaps}.</translation>
  </message>
  <message>
   <source>Export the series again with all of its images.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Exportez de nouveau la série avec toutes ses images.</translation>
  </message>
  <message>
   <source>All b-values of '{name}' {are} s/mm^2, so ADC cannot be fitted.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Toutes les valeurs b de « {name} » {are} s/mm^2 ; l'ADC ne peut être calculé.</translation>
  </message>
  <message>
   <source>Give the whole series (b0 and diffusion-weighted volumes), or a 3D ADC map.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Donnez la série entière (b0 et volumes pondérés en diffusion) ou une carte ADC 3D.</translation>
  </message>
  <message>
   <source>The {what} '{name}' ({grid}) does not lie on the scan's grid ({scan}){how}.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>« {name} » ({what}, {grid}) n'est pas sur la grille de l'examen ({scan}){how}.</translation>
  </message>
  <message>
   <source>Give the {what} that was made from this scan, or resample it.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Donnez ce qui a été fait à partir de cet examen ({what}), ou rééchantillonnez-le.</translation>
  </message>
  <message>
   <source>The unit of the ADC map '{name}' is unknown: the median in the brain is {median}, where 300-4000 (1e-6 mm2/s), 0.3-4 (1e-3 mm2/s) or 0.0003-0.004 (mm2/s) was expected.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>L'unité de la carte ADC « {name} » est inconnue : la médiane dans le cerveau est {median}, au lieu de 300-4000 (1e-6 mm2/s), 0.3-4 (1e-3 mm2/s) ou 0.0003-0.004 (mm2/s).</translation>
  </message>
  <message>
   <source>Scale the map to 1e-6 mm2/s.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Convertissez la carte en 1e-6 mm2/s.</translation>
  </message>
  <message>
   <source>'{name}' holds no positive value.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>« {name} » ne contient aucune valeur positive.</translation>
  </message>
  <message>
   <source>Give an ADC map or a diffusion series.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Donnez une carte ADC ou une série de diffusion.</translation>
  </message>
  <message>
   <source>'{name}' holds {count} volumes, but '{stem}.bval' is not beside it.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>« {name} » contient {count} volumes, mais « {stem}.bval » n'est pas à côté.</translation>
  </message>
  <message>
   <source>Put the .bval file (and .bvec, if there is one) into the same folder.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Mettez le fichier .bval (et .bvec, s'il existe) dans le même dossier.</translation>
  </message>
  <message>
   <source>No brain was found in the scan, so it cannot be placed in the atlas.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Aucun cerveau n'a été trouvé dans l'examen ; il ne peut être placé dans l'atlas.</translation>
  </message>
  <message>
   <source>Give a brain mask with --mask.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Donnez un masque cérébral avec --mask.</translation>
  </message>
  <message>
   <source>The brain mask is empty.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Le masque cérébral est vide.</translation>
  </message>
  <message>
   <source>Give one in which the brain is above 0, or leave --mask out.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Donnez-en un où le cerveau est supérieur à 0, ou laissez --mask.</translation>
  </message>
  <message>
   <source>The model {model} was not trained on released z-maps (its z-maps: {origins}).</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Leave --z-adc out, or use another model.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The model {model} was not trained on z-maps of the atlas {atlas} ({sha}...).</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Leave --atlas out, or use a model that was made with it.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>--{name} was given, and the model {model} reads {channels} alone.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>--{name} a été donné, et le modèle {model} ne lit que {channels}.</translation>
  </message>
  <message>
   <source>Leave --{name} out, or name a model that reads it with --model.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Omettre --{name}, ou nommer avec --model un modèle qui le lit.</translation>
  </message>
  <message>
   <source>This computer offers torch no {device} device.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Cet ordinateur n'offre pas d'appareil {device} à torch.</translation>
  </message>
  <message>
   <source>Use --device auto or cpu.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Prenez --device auto ou cpu.</translation>
  </message>
  <message>
   <source>The corrected lesion holds no voxel of the brain.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>La lésion corrigée ne contient aucun voxel du cerveau.</translation>
  </message>
  <message>
   <source>Draw it over the scan, or go back to the computed one.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Dessinez-la sur l'examen ou revenez à la lésion calculée.</translation>
  </message>
  <message>
   <source>The output '{name}' exists already.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>La sortie « {name} » existe déjà.</translation>
  </message>
  <message>
   <source>Choose another name, or add --overwrite.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Choisissez un autre nom ou emplacement.</translation>
  </message>
  <message>
   <source>The output '{name}' cannot be written: {reason}.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>La sortie « {name} » ne peut être écrite : {reason}.</translation>
  </message>
  <message>
   <source>Free some space, or choose another place.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Libérez de l'espace ou choisissez un autre emplacement.</translation>
  </message>
  <message>
   <source>The result was made from another scan ({one}...) than this one ({other}...).</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Le résultat provient d'un autre examen ({one}...) que celui-ci ({other}...).</translation>
  </message>
  <message>
   <source>Give the files that it was made from, or predict this scan.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Donnez les fichiers dont il provient, ou lancez la prédiction de cet examen.</translation>
  </message>
  <message>
   <source>The folder '{name}' lacks wheels for this computer ({system}): {missing}. Nothing was installed.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Il manque au dossier « {name} » des paquets pour cet ordinateur ({system}) : {missing}. Rien n'a été installé.</translation>
  </message>
  <message>
   <source>Add them with pip download, as docs/panel.md says.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Ajoutez-les avec pip download, comme l'indique docs/panel.md.</translation>
  </message>
  <message>
   <source>'{name}' is neither a .zip nor a .tar archive.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>« {name} » n'est ni une archive .zip ni une archive .tar.</translation>
  </message>
  <message>
   <source>Name the archive of a model bundle.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Nommez l'archive d'un modèle.</translation>
  </message>
  <message>
   <source>'{name}' is damaged or encrypted ({error}).</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>« {name} » est endommagé ou chiffré ({error}).</translation>
  </message>
  <message>
   <source>Get it again.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Obtenez-le de nouveau.</translation>
  </message>
  <message>
   <source>Defect of age2hie ({error}).</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Défaut d'age2hie ({error}).</translation>
  </message>
  <message>
   <source>The traceback is in {place}: please report it.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Les détails sont dans {place} : merci de le signaler.</translation>
  </message>
  <message>
   <source>Convert the scan again.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Convertissez de nouveau l'examen.</translation>
  </message>
  <message>
   <source>Convert the series again.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Convertissez de nouveau la série.</translation>
  </message>
  <message>
   <source>Predict the scan again.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Relancez la prédiction de l'examen.</translation>
  </message>
  <message>
   <source>packages</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>paquets</translation>
  </message>
  <message>
   <source>device</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>appareil</translation>
  </message>
  <message>
   <source>DICOM reading</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>lecture DICOM</translation>
  </message>
  <message>
   <source>memory</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>mémoire</translation>
  </message>
  <message>
   <source>temporary folder</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>dossier temporaire</translation>
  </message>
  <message>
   <source>models folder</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>dossier des modèles</translation>
  </message>
  <message>
   <source>bundled files</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>fichiers fournis</translation>
  </message>
  <message>
   <source>all {count} are there</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>les {count} sont là</translation>
  </message>
  <message>
   <source>missing or too old: {names}</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>manquants ou trop anciens : {names}</translation>
  </message>
  <message>
   <source>not installed</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>non installé</translation>
  </message>
  <message>
   <source>CPU; no NVIDIA graphics card was found, and none is needed</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>CPU ; aucune carte graphique NVIDIA n'a été trouvée, et aucune n'est nécessaire</translation>
  </message>
  <message>
   <source>writable, {free} GB free</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>accessible en écriture, {free} Go libres</translation>
  </message>
  <message>
   <source>{model} and the atlas {atlas} are unchanged</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>{model} et l'atlas {atlas} sont inchangés</translation>
  </message>
  <message>
   <source>Install Python {version} or newer; in Slicer, install a newer Slicer.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Installez Python {version} ou plus récent ; dans Slicer, un Slicer plus récent.</translation>
  </message>
  <message>
   <source>Install Slicer {version} or newer from download.slicer.org.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Installez Slicer {version} ou plus récent depuis download.slicer.org.</translation>
  </message>
  <message>
   <source>Click Predict outcome in Slicer, which offers to install them; elsewhere: pip install {names}.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Cliquez sur la prédiction dans Slicer, qui propose de les installer ; ailleurs : pip install {names}.</translation>
  </message>
  <message>
   <source>Install torch: in Slicer with the PyTorch extension (PyTorch Util), elsewhere with pip install torch.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Installez torch : dans Slicer avec l'extension PyTorch (PyTorch Util), ailleurs avec pip install torch.</translation>
  </message>
  <message>
   <source>Install torch for CUDA with Slicer's PyTorch extension to use the card.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Update the NVIDIA driver, or install the torch build for this driver with Slicer's PyTorch extension.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Install it to read DICOM: pip install dcm2niix.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Installez-le pour lire DICOM : pip install dcm2niix.</translation>
  </message>
  <message>
   <source>Close other programs: {size} GB are comfortable.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Fermez d'autres programmes : {size} Go sont confortables.</translation>
  </message>
  <message>
   <source>Set TMPDIR (on Windows TEMP) to a folder that you may write to.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Réglez TMPDIR (TEMP sous Windows) sur un dossier accessible en écriture.</translation>
  </message>
  <message>
   <source>Free {size} GB on that disk.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Libérez {size} Go sur ce disque.</translation>
  </message>
  <message>
   <source>Install AGE2HIE again.</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>Installez de nouveau AGE2HIE.</translation>
  </message>
 </context>
 <context>
  <name>AGE2HIEUI.workerTexts</name>
  <message>
   <source>reading the scan</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>lecture de l'examen</translation>
  </message>
  <message>
   <source>loading the model</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>chargement du modèle</translation>
  </message>
  <message>
   <source>fitting ADC</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>ajustement de l'ADC</translation>
  </message>
  <message>
   <source>finding the brain</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>recherche du cerveau</translation>
  </message>
  <message>
   <source>placing it in the atlas</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>placement dans l'atlas</translation>
  </message>
  <message>
   <source>checking quality</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>contrôle de la qualité</translation>
  </message>
  <message>
   <source>comparing with normal newborns</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>comparaison aux nouveau-nés sains</translation>
  </message>
  <message>
   <source>predicting</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>prédiction</translation>
  </message>
  <message>
   <source>locating the evidence</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>localisation des indices</translation>
  </message>
  <message>
   <source>examining the explanation</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>writing the report</source>
   <extracomment>machine translation, not read by a native speaker</extracomment>
   <translation>rédaction du rapport</translation>
  </message>
  <message>
   <source>'Brain mask'</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>'Released z-map'</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>'DICOM series'</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>'Model'</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>'Atlas'</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>'Prevalence'</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>'Saliency method'</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>'Methods'</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>'Evidence for'</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>'Examine the explanation'</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>'Device'</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>'Align volumes'</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>'Age at scan'</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>'Gestation at birth'</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>'Cooled'</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>'Predict all the same'</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>'Certificate'</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>'Token file'</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>'Address'</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{stage}, about {seconds:.0f} s left</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>ok</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>note</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>problem</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>&lt;b&gt;Ready to predict.&lt;/b&gt;</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>&lt;b&gt;Not ready yet.&lt;/b&gt;</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{stage}, about {minutes:.0f} min left</source>
   <translation type="unfinished" />
  </message>
 </context>
</TS>
